// The pipeline is the one way to write into the chart what no resource has; its API is marked as subject to change.
#pragma warning disable ASPIREPIPELINES001, ASPIREPIPELINES004
using Aspire.Hosting.Pipelines;
using CiliumDebugging.Lab.Manifests;
using Microsoft.Extensions.DependencyInjection;

namespace CiliumDebugging.AppHost.Kubernetes;

/// <summary>Completes the values.yaml that Aspire writes by the switches of the lab's chart.</summary>
internal static class ChartValuesStep
{
    private const string ValuesFile = "values.yaml";

    /// <summary>Adds the step.</summary>
    public static void AddChartValues(this IDistributedApplicationBuilder builder) =>
        builder.Pipeline.AddStep(
            "lab-chart-values",
            WriteAsync,
            dependsOn: "publish-kubernetes",
            requiredBy: WellKnownPipelineSteps.Publish
        );

    private static async Task WriteAsync(PipelineStepContext context)
    {
        var file = Path.Combine(
            context.Services.GetRequiredService<IPipelineOutputService>().GetOutputDirectory(),
            ValuesFile
        );
        await File.AppendAllTextAsync(file, HelmChart.DefaultValues, context.CancellationToken);
    }
}
