using System.Globalization;

namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>Runs steps in order, and prints their progress.</summary>
internal sealed class StepList(IReadOnlyList<ClusterStep> steps, TextWriter output, TimeProvider time)
{
    /// <summary>Does the steps that are not done yet, up to the first that fails.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < steps.Count; i++)
        {
            await output.WriteLineAsync($"[{i + 1}/{steps.Count}] {steps[i].Title}");
            if (await steps[i].DoneAsync(cancellationToken) is { } done)
            {
                await output.WriteLineAsync($"      done already: {done}");
                continue;
            }
            var start = time.GetTimestamp();
            await steps[i].DoAsync(line => output.WriteLine($"      {line}"), cancellationToken);
            await output.WriteLineAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"      done in {time.GetElapsedTime(start).TotalSeconds:0.0} s"
                )
            );
        }
    }

    /// <summary>Prints what would be run and applied, without running anything.</summary>
    public async Task PlanAsync()
    {
        for (var i = 0; i < steps.Count; i++)
        {
            await output.WriteLineAsync($"# [{i + 1}/{steps.Count}] {steps[i].Title}");
            foreach (var line in steps[i].Plan())
                await output.WriteLineAsync(line.TrimEnd('\n'));
            await output.WriteLineAsync();
        }
    }

    /// <summary>Which steps are done, in order.</summary>
    public async Task<IReadOnlyList<StepStatus>> StatusAsync(CancellationToken cancellationToken)
    {
        var all = new List<StepStatus>();
        foreach (var step in steps)
            all.Add(new StepStatus(step.Title, await step.DoneAsync(cancellationToken)));
        return all;
    }
}

/// <summary>Whether a step is done.</summary>
/// <param name="Title">What it does.</param>
/// <param name="Done">In what state that is, in words; null: it is not done.</param>
internal sealed record StepStatus(string Title, string? Done);
