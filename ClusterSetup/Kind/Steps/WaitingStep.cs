namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>A step that waits for the cluster to reach a state.</summary>
/// <param name="lab">The cluster.</param>
/// <param name="complaint">Message when it takes too long.</param>
internal abstract class WaitingStep(KindLab lab, string complaint) : ClusterStep
{
    protected KindLab Lab => lab;

    /// <summary>How long it may take.</summary>
    protected static TimeSpan Limit { get; } = TimeSpan.FromMinutes(10);

    /// <summary>What is still missing, in words; empty: nothing.</summary>
    protected abstract Task<string> MissingAsync(CancellationToken cancellationToken);

    public sealed override async Task<string?> DoneAsync(CancellationToken cancellationToken) =>
        File.Exists(lab.State.Kubeconfig) && await MissingAsync(cancellationToken) is "" ? "they are" : null;

    public sealed override Task DoAsync(Action<string> say, CancellationToken cancellationToken) =>
        Waiting.UntilAsync(MissingAsync, complaint, Limit, lab.Time, say, cancellationToken);
}
