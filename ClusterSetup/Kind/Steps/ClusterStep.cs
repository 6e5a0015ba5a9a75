namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>
/// One step towards a cluster. It names what it does, knows whether it is done, and can be repeated: <c>up</c> twice is
/// harmless, and an interrupted one continues.
/// </summary>
internal abstract class ClusterStep
{
    public abstract string Title { get; }

    /// <summary>
    /// What it would run and apply, for <c>--dry-run</c>: commands to paste, and the files they read.
    /// </summary>
    public abstract IEnumerable<string> Plan();

    /// <summary>What shows that it is done; null: it is not done, or it is always repeated.</summary>
    public abstract Task<string?> DoneAsync(CancellationToken cancellationToken);

    /// <summary>Does it.</summary>
    /// <param name="say">Prints a line for the user.</param>
    /// <param name="cancellationToken">Interrupts it; it can be repeated, or undone by <c>down</c>.</param>
    public abstract Task DoAsync(Action<string> say, CancellationToken cancellationToken);
}
