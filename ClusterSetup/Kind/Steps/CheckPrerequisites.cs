namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>Checks the programs that the other steps need.</summary>
internal sealed class CheckPrerequisites(KindLab lab) : ClusterStep
{
    public override string Title => "check the programs that are needed";

    public override IEnumerable<string> Plan()
    {
        yield return lab.Engine.VersionCall.ToString();
        yield return lab.Engine.CgroupCall.ToString();
        yield return "kind version -q";
        if (lab.Plan.Options.Cilium is not null)
            yield return "helm version --short";
        yield return "dotnet --version";
    }

    public override Task<string?> DoneAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    public override async Task DoAsync(Action<string> say, CancellationToken cancellationToken)
    {
        var found = await Prerequisites.CheckAsync(lab, cancellationToken);
        var problems = found.Where(f => f.Problem is not null && !f.Optional).ToList();
        if (problems.Count > 0)
            throw new KindException(string.Join(Environment.NewLine, problems.Select(p => $"{p.Name}: {p.Problem}")));
        var installed = found.Where(f => f.Version is not null);
        say(string.Join(", ", installed.Select(f => f.Optional ? f.Name : $"{f.Name} {f.Version}")));
    }
}
