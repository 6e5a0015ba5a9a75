using System.CommandLine;
using CiliumDebugging.ClusterSetup.Attacks;
using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Manifests;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Processes;
using static System.FormattableString;

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

    private static readonly Option<string> s_format = FormatOption.Create();

    public static Command Build()
    {
        var command = new Command(
            "attack",
            "Sends HTTP requests from pods of a cluster, as an indexed Job, and reports them as one attack"
        );
        AttackOptions.AddTo(command);
        Option[] own = [s_pods, s_namespace, s_image, s_labels, s_podDeadline, s_histograms, s_format];
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
            var lines = new ProgressLines(
                parsed.IsJson(s_format) ? TextWriter.Null : Console.Error,
                !Console.IsErrorRedirected,
                TimeProvider.System,
                every: TimeSpan.FromSeconds(1)
            );
            PodAttackResult result;
            try
            {
                result = await new PodAttack(cluster, TimeProvider.System, line =>
                    lines.Write(line, passing: true)
                ).RunAsync(order, cancellationToken);
            }
            finally
            {
                lines.End();
            }
            AttackCommands.WriteResults(result.Results, parsed.IsJson(s_format));
            var spread = result.StartSpread is { } apart
                ? Invariant($", whose programs started within {apart.TotalSeconds:0} s")
                : "";
            (parsed.IsJson(s_format) ? Console.Error : Console.Out).WriteLine(
                $"from {order.Pods} pods of namespace {order.Namespace}{spread}"
            );
            if (parsed.GetValue(s_histograms) is { } path)
            {
                await using var stream = File.Create(path);
                HistogramLog.Write(result.Results, stream, DateTimeOffset.UnixEpoch);
            }
            return (int)AttackCommands.EndOf(result.Results.Accounting);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return (int)ExitCode.Interrupted;
        }
        catch (KubeconfigException e)
        {
            return AttackCommands.WriteProblems([e.Message]);
        }
        catch (Exception e) when (e is not IOException && ApiFailures.Is(e))
        {
            return AttackCommands.WriteFailure(ApiFailures.Describe(e));
        }
        catch (Exception e)
            when (e is PodAttackException or KindException or IOException or UnauthorizedAccessException)
        {
            return AttackCommands.WriteFailure(e.Cause());
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
        var rate = arguments.ReadRate(problems);
        if (arguments.FindsMaximum)
            problems.Add(
                $"--rate '{arguments.Rate}': several pods cannot find it; give requests per time, or infinity"
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
}
