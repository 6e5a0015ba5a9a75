using System.CommandLine;
using System.Globalization;
using CiliumDebugging.ClusterSetup.Attacks;
using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.Lab.Manifests;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary><c>attack URL --pods N</c>: the load test's attack from Pods of a cluster, reported as one.</summary>
internal static class PodAttackCommand
{
    private static readonly ClusterChoice s_choice = new();
    private static readonly Option<int> s_pods = new("--pods")
    {
        HelpName = "N",
        Description = "Pods to send from; each sends the same part of the rate",
        DefaultValueFactory = _ => 1,
    };
    private static readonly Option<string> s_namespace = new("--namespace")
    {
        HelpName = "NAME",
        Description = "Namespace of the pods; it must exist",
        DefaultValueFactory = _ => "default",
    };
    private static readonly Option<string> s_image = new("--image")
    {
        HelpName = "IMAGE",
        Description = "Image of the load test",
        DefaultValueFactory = _ => new ManifestValues().LoadTestImage,
    };
    private static readonly Option<string[]> s_labels = new("--label")
    {
        HelpName = "KEY=VALUE",
        Description = "Label of the pods, for policies to select; may be repeated",
    };
    private static readonly Option<string> s_podDeadline = new("--pod-deadline")
    {
        HelpName = "TIME",
        Description = "How long the pods may take to start",
        DefaultValueFactory = _ => "2m",
    };
    private static readonly Option<string?> s_histograms = new("--hdr")
    {
        HelpName = "FILE",
        Description = "Writes the merged results as an HdrHistogram log (µs) with the counts",
    };

    public static Command Build()
    {
        var command = new Command(
            "attack",
            "Sends HTTP requests from pods of a cluster, as an indexed Job, and reports them as one attack"
        );
        AttackOptions.AddTo(command);
        Option[] own = [s_pods, s_namespace, s_image, s_labels, s_podDeadline, s_histograms];
        foreach (var option in own.Concat(s_choice.All))
            command.Add(option);
        command.Validators.Add(s_choice.Validate);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var order = Order(parsed, problems);
        if (problems.Count > 0)
            return AttackCommands.WriteProblems(problems);
        try
        {
            using var cluster = s_choice.Connect(parsed);
            var result = await new PodAttack(cluster, TimeProvider.System).RunAsync(order, cancellationToken);
            AttackReport.Write(result.Results, Console.Out);
            result.Results.Accounting.WriteTo(Console.Out);
            var spread = result.StartSpread is { } apart
                ? F($", whose programs started within {apart.TotalSeconds:0} s")
                : "";
            Console.WriteLine($"from {order.Pods} pods of namespace {order.Namespace}{spread}");
            if (parsed.GetValue(s_histograms) is { } path)
            {
                await using var stream = File.Create(path);
                HistogramLog.Write(result.Results, stream, DateTimeOffset.UnixEpoch);
            }
            return result.Results.Accounting.Discrepancies().Count > 0 ? (int)ExitCode.Failed : (int)ExitCode.Success;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return (int)ExitCode.Interrupted;
        }
        catch (Exception e)
            when (e
                    is PodAttackException
                        or KindException
                        or HttpRequestException
                        or IOException
                        or UnauthorizedAccessException
            )
        {
            await Console.Error.WriteLineAsync($"error: {e.Message}");
            return (int)ExitCode.Failed;
        }
    }

    internal static PodAttackOrder Order(ParseResult parsed, List<string> problems)
    {
        var arguments = AttackOptions.Read(parsed);
        if (arguments.Url is null)
            problems.Add("no target: give a URL as the pods see it, e.g. http://backend-1.backend:8080/");
        if (arguments.TargetsFile is not null)
            problems.Add("--targets: the pods do not have that file; give a URL");
        if (arguments.Body?.StartsWith('@') == true)
            problems.Add($"--body '{arguments.Body}': the pods do not have that file; give the text");
        if (arguments.SourceIp is not null)
            problems.Add("--source-ip: each pod has an address of its own");
        if (!Quantities.TryParseRate(arguments.Rate, out var rate) || arguments.FindsMaximum)
            problems.Add(
                $"--rate '{arguments.Rate}': expected requests per time, e.g. 5000/s, or infinity; "
                    + "several pods cannot find max"
            );
        if (!Quantities.TryParseDuration(arguments.Duration, out var duration))
            problems.Add(
                $"--duration '{arguments.Duration}': expected a duration, e.g. 60s; pods do not attack forever"
            );
        if (!Quantities.TryParseDuration(arguments.Timeout, out var timeout))
            problems.Add($"--timeout '{arguments.Timeout}': expected a duration, e.g. 30s");
        var deadline = parsed.GetRequiredValue(s_podDeadline);
        if (!Quantities.TryParseDuration(deadline, out var start) || start <= TimeSpan.Zero)
            problems.Add($"--pod-deadline '{deadline}': expected a duration, e.g. 2m");
        var pods = parsed.GetValue(s_pods);
        if (pods is < 1 or > PodAttackOrder.MaxPods)
            problems.Add($"--pods {pods}: expected 1 to {PodAttackOrder.MaxPods}");
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in parsed.GetValue(s_labels) ?? [])
        {
            if (label.Split('=') is [{ Length: > 0 } key, var value])
                labels[key] = value;
            else
                problems.Add($"--label '{label}': expected key=value");
        }
        return new PodAttackOrder(AttackOptions.Spell(parsed, "--rate"), rate, pods, duration + timeout + start)
        {
            Namespace = parsed.GetRequiredValue(s_namespace),
            Image = parsed.GetRequiredValue(s_image),
            Labels = labels,
        };
    }

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
