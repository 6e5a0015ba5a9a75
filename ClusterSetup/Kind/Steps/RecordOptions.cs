namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>Records the options of <c>up</c>, for <c>status</c>.</summary>
internal sealed class RecordOptions(KindLab lab) : ClusterStep
{
    public override string Title => "record these options, for status";

    private string Recorded => RecordedOptions.Format(lab.Plan.Options);

    public override IEnumerable<string> Plan() => [$"# {lab.State.Options}", Recorded];

    public override async Task<string?> DoneAsync(CancellationToken cancellationToken) =>
        File.Exists(lab.State.Options) && await File.ReadAllTextAsync(lab.State.Options, cancellationToken) == Recorded
            ? lab.State.Options
            : null;

    public override Task DoAsync(Action<string> say, CancellationToken cancellationToken) =>
        File.WriteAllTextAsync(lab.State.Options, Recorded, cancellationToken);
}
