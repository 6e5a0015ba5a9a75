namespace CiliumDebugging.Lab.Scenarios;

/// <summary>The fields of <c>scenario.yaml</c>. A field without a value is null, as one that is missing.</summary>
internal sealed class ScenarioFile
{
    public string? Title { get; set; }
    public string? Source { get; set; }
    public string? Symptom { get; set; }
    public string? Mechanism { get; set; }
    public string? Releases { get; set; }
    public string? Evidence { get; set; }
    public List<string?>? Reported { get; set; }
    public Dictionary<string, string?>? Settings { get; set; }
    public TopologyFields? Topology { get; set; }
    public LoadFields? Load { get; set; }
    public List<Dictionary<string, object?>?>? Steps { get; set; }
    public List<ExpectFields?>? Expect { get; set; }

    internal sealed class TopologyFields
    {
        public int Workers { get; set; } = 3;
        public int ClientWorker { get; set; }
        public List<int>? BackendWorkers { get; set; }
        public List<string?>? Zones { get; set; }
    }

    internal sealed class LoadFields
    {
        public string? Url { get; set; }
        public string? Method { get; set; }
        public string? Body { get; set; }
        public double Rate { get; set; } = 50;
        public string? Client { get; set; }
        public string? Ports { get; set; }
        public int Connections { get; set; }
        public bool Http2 { get; set; }
        public int? InFlight { get; set; }
    }

    internal sealed class ExpectFields
    {
        public string? Phase { get; set; }
        public string? Delivery { get; set; }
        public bool? Failures { get; set; }
        public string? SuccessesFrom { get; set; }
        public int? FailureStatus { get; set; }
        public string? FailureShare { get; set; }
        public string? Diagnosis { get; set; }
        public string? NewPodShare { get; set; }
        public string? RequestShare { get; set; }
        public int? HitsPerRequest { get; set; }
        public string? Lost { get; set; }
    }
}
