using System.CommandLine;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Measurement.Reports;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Statistics;
using k8s;
using k8s.Exceptions;
using static System.FormattableString;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary><c>observe NAMESPACE/SERVICE</c>: the verdict for an existing cluster, without load.</summary>
public static class ObserveCommand
{
    private static readonly ObserveOptions s_defaults = new("", "");

    private static readonly Argument<string> s_service = new("service")
    {
        Description = "The Service, as namespace/name",
    };
    private static readonly Option<string?> s_kubeconfig = new("--kubeconfig")
    {
        Description = "Default: KUBECONFIG, ~/.kube/config, or the service account of the pod this runs in",
        HelpName = "file",
    };
    private static readonly Option<string?> s_context = new("--context")
    {
        Description = "Context of the kubeconfig",
        HelpName = "name",
    };
    private static readonly PrometheusOptions s_prometheus = new();
    private static readonly Option<string?> s_for = new("--for")
    {
        Description = "Maximum time (3m), or how far to look back in a Prometheus (10m); with --watch: no end",
        HelpName = "time",
    };
    private static readonly Option<string> s_interval = new("--interval")
    {
        Description = "Time between scrapes, 1s or more",
        HelpName = "time",
        DefaultValueFactory = _ => "5s",
    };
    private static readonly Option<bool> s_watch = new("--watch")
    {
        Description = $"Continue until skew is found; exits with {(int)ExitCode.NotReproduced} then",
    };
    private static readonly Option<double> s_alpha = new("--alpha")
    {
        Description = "Error probability of each verdict",
        DefaultValueFactory = _ => s_defaults.Verdict.ErrorProbability,
    };
    private static readonly Option<double> s_tolerance = new("--tolerance")
    {
        Description = "Tolerated deviation from the expected share, as a part of it",
        DefaultValueFactory = _ => s_defaults.Verdict.Tolerance,
    };
    private static readonly Option<string> s_metric = new("--backend-metric")
    {
        Description = "The pods' own counter of requests; '' for none",
        HelpName = "name",
        DefaultValueFactory = _ => s_defaults.BackendMetric,
    };
    private static readonly Option<int?> s_port = new("--backend-port")
    {
        Description = "Port of the pods' /metrics; default: that of the Service's pods",
        HelpName = "port",
    };
    private static readonly Option<int> s_budget = new("--requests-per-minute")
    {
        Description = "Maximum number of requests per minute, to API server, pods and Prometheus together",
        DefaultValueFactory = _ => s_defaults.RequestsPerMinute,
    };
    private static readonly Option<string> s_output = new("--output")
    {
        Description = "Folder of the reports; '' for none",
        HelpName = "folder",
        DefaultValueFactory = _ => s_defaults.Output!,
    };
    private static readonly Option<bool> s_redact = new("--redact")
    {
        Description = "Write the report and print without the cluster's names and addresses",
    };

    private static readonly Option<string> s_format = FormatOption.Create();

    public static Command Build()
    {
        var command = new Command(
            "observe",
            "Evaluate a Service of an existing cluster, from Hubble's and the pods' metrics. Reads only, sends no load."
        )
        {
            s_service,
            s_kubeconfig,
            s_context,
            s_for,
            s_interval,
            s_watch,
            s_alpha,
            s_tolerance,
            s_metric,
            s_port,
            s_budget,
            s_output,
            s_redact,
            s_format,
        };
        foreach (var option in s_prometheus.All)
            command.Options.Add(option);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var options = Options(parsed, problems);
        using var cluster = Cluster(parsed, problems);
        if (cluster is null || problems.Count > 0)
        {
            foreach (var problem in problems)
                await Console.Error.WriteLineAsync(problem);
            return (int)ExitCode.BadUsage;
        }
        var json = parsed.IsJson(s_format);
        var notes = json ? Console.Error : Console.Out;
        return await RunAsync(
            cluster,
            options,
            TimeProvider.System,
            notes,
            Console.Error,
            cancellationToken,
            new ProgressLines(notes, !json && !Console.IsOutputRedirected, TimeProvider.System),
            json ? Console.Out : null
        );
    }

    internal static async Task<int> RunAsync(
        Kubernetes cluster,
        ObserveOptions options,
        TimeProvider time,
        TextWriter output,
        TextWriter errors,
        CancellationToken cancellationToken,
        ProgressLines? lines = null,
        TextWriter? json = null
    )
    {
        var progress = lines ?? new ProgressLines(output, isTerminal: false, time);
        var observer = new ObservationRun(cluster, options, time);
        try
        {
            if (options.Output is { } parent)
                RunFiles.Check(parent);
            var result = await observer.RunAsync(
                (line, passing, done) =>
                {
                    if (!options.Redact)
                        progress.Write(line, passing, done);
                },
                cancellationToken
            );
            progress.End();
            var document = DocumentOf.Run(result.Report);
            if (options.Redact)
                document = Redaction.Apply(document, result.Nodes);
            if (json is null)
                ObservationText.Write(document, observer.Requests, output);
            else
                await json.WriteLineAsync(ReportJson.Write(document));
            if (options.Output is { } folder)
            {
                var files = RunFiles.Save(document, folder);
                await (files.Folder is null ? errors : output).WriteLineAsync(files.Line);
                if (files.Folder is null)
                    return (int)ExitCode.Failed;
            }
            if (result.Report.EndedEarly is { } end)
            {
                await errors.WriteLineAsync(options.Redact ? "the observation ended early" : end.Reason);
                return (int)(end.IsInterruption ? ExitCode.Interrupted : ExitCode.Failed);
            }
            return (int)(result.Skewed || result.Failing ? ExitCode.NotReproduced : ExitCode.Success);
        }
        catch (ObservationException e)
        {
            progress.End();
            await errors.WriteLineAsync(e.Message);
            return (int)ExitCode.Failed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync(e.Message);
            return (int)ExitCode.Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            progress.End();
            return (int)ExitCode.Interrupted;
        }
    }

    private static ObserveOptions Options(ParseResult parsed, List<string> problems)
    {
        var name = parsed.GetRequiredValue(s_service).Split('/');
        if (name is not [{ Length: > 0 }, { Length: > 0 }])
            problems.Add(
                $"service '{parsed.GetValue(s_service)}': expected namespace/name, for example backend/backend-1"
            );
        TimeSpan? Time(string option, string? text)
        {
            if (text is null)
                return null;
            if (Durations.TryParse(text, out var duration))
                return duration;
            problems.Add($"{option} '{text}': expected a time greater than 0 and at most 24h, for example {option} 5m");
            return null;
        }
        var interval = Time("--interval", parsed.GetValue(s_interval)) ?? s_defaults.Interval;
        if (interval < TimeSpan.FromSeconds(1))
            problems.Add($"--interval '{parsed.GetValue(s_interval)}': expected 1s or more");
        var verdict = s_defaults.Verdict;
        if (parsed.GetValue(s_alpha) is > 0 and <= 0.5 and var alpha)
            verdict = verdict with { ErrorProbability = alpha };
        else
            problems.Add(
                Invariant($"--alpha {parsed.GetValue(s_alpha)}: expected more than 0 and at most 0.5, for example 1e-4")
            );
        if (parsed.GetValue(s_tolerance) is > 0 and < 1 and var tolerance)
            verdict = verdict with { Tolerance = tolerance };
        else
            problems.Add(
                Invariant(
                    $"--tolerance {parsed.GetValue(s_tolerance)}: expected more than 0 and less than 1, for example 0.15"
                )
            );
        if (parsed.GetValue(s_budget) < 10)
            problems.Add(Invariant($"--requests-per-minute {parsed.GetValue(s_budget)}: expected 10 or more"));
        if (parsed.GetValue(s_port) is < 1 or > 65535)
            problems.Add(Invariant($"--backend-port {parsed.GetValue(s_port)}: expected 1 to 65535"));
        return s_defaults with
        {
            Namespace = name[0],
            Service = name[^1],
            Prometheus = s_prometheus.Read(parsed, Environment.GetEnvironmentVariable, problems),
            Interval = interval,
            For = Time("--for", parsed.GetValue(s_for)),
            Watch = parsed.GetValue(s_watch),
            Verdict = verdict,
            BackendMetric = parsed.GetValue(s_metric) ?? "",
            BackendPort = parsed.GetValue(s_port),
            RequestsPerMinute = parsed.GetValue(s_budget),
            Output = parsed.GetValue(s_output) is { Length: > 0 } folder ? folder : null,
            Redact = parsed.GetValue(s_redact),
        };
    }

    private static Kubernetes? Cluster(ParseResult parsed, List<string> problems)
    {
        var (file, context) = (parsed.GetValue(s_kubeconfig), parsed.GetValue(s_context));
        var named = file ?? context ?? Environment.GetEnvironmentVariable("KUBECONFIG");
        try
        {
            var config =
                named is null && KubernetesClientConfiguration.IsInCluster()
                    ? KubernetesClientConfiguration.InClusterConfig()
                    : Kubeconfig.Read(file, context);
            config.HttpClientTimeout = TimeSpan.FromSeconds(15);
            return new Kubernetes(config);
        }
        catch (KubeConfigException e)
        {
            problems.Add(e.Message);
            return null;
        }
    }
}
