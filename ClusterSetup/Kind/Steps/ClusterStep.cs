namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>
/// One step on the way to a cluster. Each says what it does, can tell whether it is done, and can be repeated:
/// <c>up</c> twice is harmless, and one that was interrupted goes on.
/// </summary>
internal abstract class ClusterStep
{
    /// <summary>What it does, in a few words.</summary>
    public abstract string Title { get; }

    /// <summary>
    /// What it would run and apply, for <c>--dry-run</c>: commands to paste, and the files they read.
    /// </summary>
    public abstract IEnumerable<string> Plan();

    /// <summary>How one sees that it is done; null: it is not, or it is one that is always repeated.</summary>
    public abstract Task<string?> DoneAsync(CancellationToken cancellationToken);

    /// <summary>Does it.</summary>
    /// <param name="say">Takes a line for the user.</param>
    /// <param name="cancellationToken">
    /// Ends it; what it leaves behind is dealt with when it is repeated, or by <c>down</c>.
    /// </param>
    public abstract Task DoAsync(Action<string> say, CancellationToken cancellationToken);
}
