using CiliumDebugging.ClusterSetup.Kind.Programs;

namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>Loads the workloads' images into the nodes, so that they need not be in a registry.</summary>
internal sealed class LoadImages(KindLab lab) : ClusterStep
{
    public override string Title => "load the images into the nodes";

    public override IEnumerable<string> Plan() => Calls().Select(c => c.ToString());

    private IEnumerable<ProgramCall> Calls() =>
        lab.Plan.Images.Select(w =>
            lab.Kind("load", "image-archive", BuildImages.Archive(lab, w.Project), "--name", lab.Plan.Options.Name) with
            {
                Limit = TimeSpan.FromMinutes(5),
            }
        );

    public override async Task<string?> DoneAsync(CancellationToken cancellationToken)
    {
        if (!lab.State.IsOurs)
            return null;
        var nodes = (
            await lab.Programs.ReadAsync(lab.Kind("get", "nodes", "--name", lab.Plan.Options.Name), cancellationToken)
        ).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (nodes.Length == 0)
            return null;
        foreach (var node in nodes)
            if (!await HasImagesAsync(node, cancellationToken))
                return null;
        return $"all {nodes.Length} nodes have them";
    }

    private async Task<bool> HasImagesAsync(string node, CancellationToken cancellationToken)
    {
        var call = new ProgramCall(lab.Engine.Program, ["exec", node, "crictl", "images"]);
        var listed = await lab.Programs.RunAsync(call, cancellationToken);
        var names = listed
            .Output.Split('\n')
            .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(row => row.Length > 1 && row[1] == lab.ImageTag)
            .Select(row => row[0])
            .ToList();
        return listed.ExitCode == 0
            && lab.Plan.Images.All(i => names.Exists(n => n.EndsWith(i.Image, StringComparison.Ordinal)));
    }

    public override async Task DoAsync(Action<string> say, CancellationToken cancellationToken)
    {
        foreach (var call in Calls())
        {
            say(call.ToString());
            await lab.Programs.ReadAsync(call, cancellationToken);
        }
    }
}
