using System.CommandLine;
using CiliumDebugging.LoadTest.Commands;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>All commands of this program, with the examples of their help.</summary>
internal static class CommandLine
{
    public static RootCommand Build()
    {
        var root = new RootCommand("Sets up the clusters of the lab and runs its scenarios.")
        {
            UpCommand.Build().WithExamples("up --embedded", "up --kind --cilium-version 1.16.0", "up --kind --dry-run"),
            KindCommands.Down().WithExamples("down"),
            KindCommands.Status().WithExamples("status"),
            KindCommands.Doctor().WithExamples("doctor"),
            ManifestsCommand.Build().WithExamples("manifests", "manifests --set grafana.enabled=false"),
            ScenarioCommand.Build(),
            ClusterCommand.Build().WithExamples("cluster --kubeconfig lab.kubeconfig"),
            PrometheusTargetsCommand.Build().WithExamples("prometheus-targets --kubeconfig lab.kubeconfig --follow"),
            SimulateCommand.Build().WithExamples("simulate stale-conntrack"),
            ObserveCommand
                .Build()
                .WithExamples("observe backend/backend-1 --context NAME", "observe backend/backend-1 --watch"),
            PodAttackCommand
                .Build()
                .WithExamples("attack http://backend-1.backend:8080/ --pods 3 --rate 300/s --context NAME"),
            CompareCommand.Build().WithExamples("compare artifacts/before artifacts/after"),
            RedactCommand.Build().WithExamples("redact artifacts/two-sided-l7-20260101-120000"),
            ReportCommand.BuildReport().WithExamples("report r1.bin r2.bin"),
            ReportCommand.BuildPlot().WithExamples("plot r1.bin --output plot.html"),
            CompletionCommand.Build().WithExamples("completion bash >> ~/.bashrc"),
        };
        root.WithExamples(
            "up --embedded",
            "scenario list",
            "scenario run two-sided-l7 --kind",
            "observe backend/backend-1 --context NAME"
        );
        return root;
    }
}
