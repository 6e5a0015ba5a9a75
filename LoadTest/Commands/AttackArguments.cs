using System.Net;
using System.Text;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Responders;
using CiliumDebugging.LoadTest.Attack.Search;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.LoadTest.Pod;
using CiliumDebugging.ServiceDefaults.Files;
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
    public bool Http2 { get; init; }
    public string Timeout { get; init; } = "30s";
    public string Burst { get; init; } = "auto";
    public string? SourceIp { get; init; }
    public string PortRange { get; init; } = "odd";
    public string Workers { get; init; } = "1";

    /// <summary>Null: <see cref="DefaultMaxInFlight"/>.</summary>
    public string? MaxInFlight { get; init; }
    public string Responder { get; init; } = "default";
    public bool Insecure { get; init; }

    /// <summary>Requests in flight at most where nothing else is written.</summary>
    public const string DefaultMaxInFlight = "10000";

    /// <summary>The target file that is standard input.</summary>
    public const string StandardInput = "-";

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
        var rate = ReadRate(problems);
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
        var maxInFlight = ReadNumber("max-in-flight", MaxInFlight ?? DefaultMaxInFlight, problems);
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
            Http2 = Http2,
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

    /// <summary>Reads the rate.</summary>
    /// <param name="problems">Gets what is wrong with it.</param>
    /// <returns>Requests per second; infinity: as fast as possible, which is vegeta's 0 too, and as there it must be
    /// given with the number of requests that may be in flight.</returns>
    public double ReadRate(List<string> problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        if (!Quantities.TryParseRate(Rate, out var rate))
            problems.Add($"rate '{Rate}': expected requests per time, e.g. 50/s, 300/m, max or infinity");
        else if (rate == 0 && MaxInFlight is null)
            problems.Add($"rate '{Rate}' is as fast as possible: give --max-in-flight N as well, or a rate above 0");
        return rate == 0 ? double.PositiveInfinity : rate;
    }

    /// <summary>Largest target file or body that is read, bytes: 64 MiB.</summary>
    private const int MaxFileBytes = 64 << 20;

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
        if (Url is not null && TargetsFile is not null)
            problems.Add($"a URL and --targets {TargetsFile}: give one of them");
        else if (Url is not null)
            entries.Add(new TargetEntry(0, Method, Url, [], null));
        else if (TargetsFile is not null)
        {
            try
            {
                var text =
                    TargetsFile == StandardInput
                        ? await ReadStandardInputAsync(cancellation)
                        : RegularFile.ReadText(TargetsFile, MaxFileBytes);
                var (read, wrong) = TargetFile.Parse(text.ReplaceLineEndings("\n").Split('\n'));
                entries.AddRange(read);
                problems.AddRange(wrong.Select(problem => $"{TargetsName} {problem}"));
                if (read.Count + wrong.Count == 0)
                    problems.Add($"targets file '{TargetsName}' has no target: expected lines METHOD URL");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Add($"targets file '{TargetsName}': {e.Message}");
            }
        }
        else
            problems.Add("no target: give a URL, or --targets FILE (-: standard input)");
        var targets = new List<AttackTarget>();
        foreach (var entry in entries)
        {
            if (await ReadTargetAsync(entry, resolver, problems, cancellation) is { } target)
                targets.Add(target);
        }
        return targets;
    }

    private string? TargetsName => TargetsFile == StandardInput ? "standard input" : TargetsFile;

    // A terminal or a pipe that stays open makes its reader wait, and that cannot be canceled: the reader is left behind.
    private static Task<string> ReadStandardInputAsync(CancellationToken cancellation) =>
        Task.Run(
                () =>
                {
                    using var input = Console.OpenStandardInput();
                    var bytes = new MemoryStream();
                    var buffer = new byte[64 * 1024];
                    while (input.Read(buffer) is > 0 and var read)
                    {
                        bytes.Write(buffer, 0, read);
                        if (bytes.Length > MaxFileBytes)
                            throw new IOException($"it is larger than {MaxFileBytes >> 20} MiB, which is the limit");
                    }
                    return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
                },
                CancellationToken.None
            )
            .WaitAsync(cancellation);

    private async Task<AttackTarget?> ReadTargetAsync(
        TargetEntry entry,
        TargetResolver resolver,
        List<string> problems,
        CancellationToken cancellation
    )
    {
        var where = entry.Line == 0 ? "" : $"{TargetsName} line {entry.Line}: ";
        var (uri, problem) = AttackTarget.ReadUrl(entry.Url);
        if (uri is null)
        {
            problems.Add($"{where}{problem}");
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

    /// <summary>
    /// A body's file: from the working folder, as in vegeta, or else from the folder of the target file.
    /// </summary>
    private string BodyFile(string file)
    {
        var beside = Path.Combine(Path.GetDirectoryName(TargetsFile) ?? "", file);
        return !File.Exists(file) && File.Exists(beside) ? beside : file;
    }

    private byte[] ReadBody(TargetEntry entry, string where, List<string> problems)
    {
        if (entry.Body is { Length: > 0 } own)
            return own;
        var file =
            entry.BodyFile is not null ? BodyFile(entry.BodyFile)
            : Body?.StartsWith('@') == true ? Body[1..]
            : null;
        if (file is null)
            return Encoding.UTF8.GetBytes(Body ?? "");
        try
        {
            return RegularFile.ReadBytes(file, MaxFileBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add($"{where}body file '{file}': {e.Message}");
            return [];
        }
    }
}
