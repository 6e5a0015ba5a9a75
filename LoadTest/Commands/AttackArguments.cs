using System.Net;
using System.Text;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Responders;
using CiliumDebugging.LoadTest.Attack.Search;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.LoadTest.Pod;
using CiliumDebugging.ServiceDefaults.Pods;

namespace CiliumDebugging.LoadTest.Commands;

/// <summary>The attack command's arguments as written; <see cref="ToPlanAsync"/> reads them all and names everything
/// wrong at once.</summary>
public sealed record AttackArguments
{
    public string? Url { get; init; }
    public string? TargetsFile { get; init; }
    public string Rate { get; init; } = "50/s";
    public string Duration { get; init; } = "60s";
    public string Method { get; init; } = "GET";
    public IReadOnlyList<string> Headers { get; init; } = [];
    public string? Body { get; init; }
    public string Connections { get; init; } = "fresh";
    public string Timeout { get; init; } = "30s";
    public string Burst { get; init; } = "auto";
    public string? SourceIp { get; init; }
    public string PortRange { get; init; } = "odd";
    public string Workers { get; init; } = "1";
    public string MaxInFlight { get; init; } = "10000";
    public string Responder { get; init; } = "default";
    public bool Insecure { get; init; }

    /// <summary>Whether the highest rate is to be found.</summary>
    public bool FindsMaximum => Rate == "max";

    /// <summary>Reads them.</summary>
    /// <param name="cancellation">Ends the resolution of names.</param>
    /// <param name="sandbox">The Pod of the embedded cluster that the process is, if it is one: where requests start,
    /// and whose cluster knows the names.</param>
    /// <returns>The plan, and every problem with its value and remedy; with problems the plan is null.</returns>
    public async Task<(AttackPlan? Plan, IReadOnlyList<string> Problems)> ToPlanAsync(
        CancellationToken cancellation,
        PodSandbox? sandbox = null
    )
    {
        var problems = new List<string>();
        var source = ReadSource(problems) ?? sandbox?.PodAddress;
        var targets = await ReadTargetsAsync(
            new TargetResolver(sandbox, source?.AddressFamily),
            problems,
            cancellation
        );
        if (!Quantities.TryParseRate(Rate, out var rate))
            problems.Add($"rate '{Rate}': expected requests per time, e.g. 50/s, 300/m, max or infinity");
        TimeSpan? duration = null;
        if (Duration != "forever")
            duration = ReadDuration("duration", Duration, problems, "60s, 5m or forever");
        var timeout = ReadDuration("timeout", Timeout, problems, "30s or 500ms");
        var (ports, portProblem) = ClientPortRange.Parse(PortRange);
        if (sandbox is not null && SourceIp is null && ports.Order is ClientPortOrder.Kernel)
            portProblem =
                "port-range kernel: a pod of the embedded cluster binds to its own address; choose other ports";
        if (portProblem is not null)
            problems.Add(portProblem);
        var (responder, responderProblem) = ResponderRule.Parse(Responder);
        if (responderProblem is not null)
            problems.Add(responderProblem);
        var keepAlive = ReadConnections(problems);
        var workers = ReadNumber("workers", Workers, problems);
        var maxInFlight = ReadNumber("max-in-flight", MaxInFlight, problems);
        int? burst = Burst == "auto" ? null : ReadNumber("burst", Burst, problems);
        var plan = new AttackPlan
        {
            Targets = targets,
            RatePerSecond = rate,
            Duration = duration,
            Timeout = timeout,
            Burst = burst,
            SourceAddress = source,
            Ports = ports,
            Responder = responder,
            VerifyCertificates = !Insecure,
            KeepAliveConnections = keepAlive,
            Workers = workers,
            MaxInFlight = maxInFlight,
        };
        // What could not be read was reported already and has a default that may look wrong as well.
        if (problems.Count == 0)
            problems.AddRange(plan.Problems());
        if (problems.Count == 0 && FindsMaximum && (duration is null || duration < MaxRate.MinDuration))
            problems.Add(
                $"rate max with duration '{Duration}': the search takes half of the duration, "
                    + $"which must be at least {MaxRate.MinDuration.TotalSeconds:0}s"
            );
        return (problems.Count == 0 ? plan : null, problems);
    }

    private IPAddress? ReadSource(List<string> problems)
    {
        if (SourceIp is null)
            return null;
        if (IPAddress.TryParse(SourceIp, out var address))
            return address;
        problems.Add($"source-ip '{SourceIp}': expected an address of this machine, e.g. 127.0.0.2");
        return null;
    }

    private int ReadConnections(List<string> problems)
    {
        if (Connections == "fresh")
            return 0;
        if (
            Connections.StartsWith("keepalive:", StringComparison.Ordinal)
            && int.TryParse(Connections["keepalive:".Length..], out var count)
            && count >= 1
        )
            return count;
        problems.Add($"connections '{Connections}': expected fresh or keepalive:N with N of at least 1");
        return 0;
    }

    private static TimeSpan ReadDuration(string name, string text, List<string> problems, string examples)
    {
        if (!Quantities.TryParseDuration(text, out var duration))
            problems.Add($"{name} '{text}': expected a duration, e.g. {examples}");
        return duration;
    }

    private static int ReadNumber(string name, string text, List<string> problems)
    {
        if (!int.TryParse(text, out var number))
            problems.Add($"{name} '{text}': expected a whole number");
        return number;
    }

    private async Task<List<AttackTarget>> ReadTargetsAsync(
        TargetResolver resolver,
        List<string> problems,
        CancellationToken cancellation
    )
    {
        var entries = new List<TargetEntry>();
        if (Url is not null)
            entries.Add(new TargetEntry(0, Method, Url, [], null));
        if (TargetsFile is not null)
        {
            try
            {
                var (read, wrong) = TargetFile.Parse(await File.ReadAllLinesAsync(TargetsFile, cancellation));
                entries.AddRange(read);
                problems.AddRange(wrong.Select(problem => $"{TargetsFile} {problem}"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Add($"targets file '{TargetsFile}': {e.Message}");
            }
        }
        if (entries.Count == 0 && problems.Count == 0)
            problems.Add("no target: give a URL or --targets FILE");
        var targets = new List<AttackTarget>();
        foreach (var entry in entries)
        {
            if (await ReadTargetAsync(entry, resolver, problems, cancellation) is { } target)
                targets.Add(target);
        }
        return targets;
    }

    private async Task<AttackTarget?> ReadTargetAsync(
        TargetEntry entry,
        TargetResolver resolver,
        List<string> problems,
        CancellationToken cancellation
    )
    {
        var where = entry.Line == 0 ? "" : $"{TargetsFile} line {entry.Line}: ";
        if (!Uri.TryCreate(entry.Url, UriKind.Absolute, out var uri) || !AttackTarget.CanBeAt(uri))
        {
            problems.Add($"{where}url '{entry.Url}': expected http://host[:port]/path");
            return null;
        }
        var (headers, host) = ReadHeaders([.. Headers, .. entry.Headers], where, problems);
        if (await ResolveAsync(uri, resolver, where, problems, cancellation) is not { } endPoint)
            return null;
        var target = AttackTarget.For(uri, endPoint) with
        {
            Method = entry.Method,
            Headers = headers,
            Body = ReadBody(entry, where, problems),
        };
        return host is null ? target : target with { Host = host };
    }

    private static (List<KeyValuePair<string, string>> Headers, string? Host) ReadHeaders(
        IEnumerable<string> lines,
        string where,
        List<string> problems
    )
    {
        var headers = new List<KeyValuePair<string, string>>();
        string? host = null;
        foreach (var line in lines)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = colon < 1 ? ("", "") : (line[..colon].Trim(), line[(colon + 1)..].Trim());
            if (name.Length == 0)
                problems.Add($"{where}header '{line}': expected 'Name: value'");
            else if (name.Equals("Host", StringComparison.OrdinalIgnoreCase))
                host = value;
            else
                headers.Add(new(name, value));
        }
        return (headers, host);
    }

    private static async Task<IPEndPoint?> ResolveAsync(
        Uri uri,
        TargetResolver resolver,
        string where,
        List<string> problems,
        CancellationToken cancellation
    )
    {
        try
        {
            return await resolver.ResolveAsync(uri, cancellation);
        }
        catch (AttackRefusedException e)
        {
            problems.Add($"{where}{e.Message}");
            return null;
        }
    }

    private byte[] ReadBody(TargetEntry entry, string where, List<string> problems)
    {
        var file =
            entry.BodyFile is not null ? Path.Combine(Path.GetDirectoryName(TargetsFile) ?? "", entry.BodyFile)
            : Body?.StartsWith('@') == true ? Body[1..]
            : null;
        if (file is null)
            return Encoding.UTF8.GetBytes(Body ?? "");
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add($"{where}body file '{file}': {e.Message}");
            return [];
        }
    }
}
