using CiliumDebugging.ClusterSetup.Kind.Programs;
using k8s;
using k8s.Autorest;

namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>
/// Creates the cluster, with a kubeconfig of its own. What an interruption left is removed first; a cluster that is not
/// the lab's is not touched.
///</summary>
internal sealed class CreateCluster(KindLab lab) : ClusterStep
{
    private static readonly TimeSpan s_answerLimit = TimeSpan.FromSeconds(10);
    private readonly KindState _state = lab.State;
    private readonly string _name = lab.Plan.Options.Name;

    public override string Title =>
        $"create the kind cluster {_name}: {lab.Plan.Options.Workers} workers, "
        + lab.Plan.Config.Nodes[0].Image.Split('@')[0];

    public override IEnumerable<string> Plan()
    {
        yield return $"# {_state.KindConfig}";
        yield return lab.Plan.Config.ToYaml();
        yield return Create.ToString();
    }

    private ProgramCall Create =>
        lab.Kind(
            "create",
            "cluster",
            "--name",
            _name,
            "--config",
            _state.KindConfig,
            "--kubeconfig",
            _state.Kubeconfig
        ) with
        {
            Limit = TimeSpan.FromMinutes(15),
            IsLong = true,
        };

    public override async Task<string?> DoneAsync(CancellationToken cancellationToken)
    {
        if (!await lab.ExistsAsync(cancellationToken))
            return null;
        if (!_state.IsOurs || !File.Exists(_state.KindConfig))
            throw new KindException(
                $"there is a kind cluster '{_name}' that this lab did not create, and it is left alone: "
                    + $"choose another name with --name, or delete it (kind delete cluster --name {_name})"
            );
        if (File.Exists(_state.Creating))
            return null;
        var made = await File.ReadAllTextAsync(_state.KindConfig, cancellationToken);
        if (made != lab.Plan.Config.ToYaml())
            throw new KindException(
                $"the cluster '{_name}' exists with another configuration ({_state.KindConfig}): "
                    + "down first, or choose another name with --name"
            );
        if (!await AnswersAsync(cancellationToken))
        {
            // Its address changes when the engine is restarted.
            await lab.Programs.ReadAsync(
                lab.Kind("export", "kubeconfig", "--name", _name, "--kubeconfig", _state.Kubeconfig),
                cancellationToken
            );
            if (!await AnswersAsync(cancellationToken))
                throw new KindException(
                    $"the cluster '{_name}' exists and its API does not answer: "
                        + $"start its containers ({lab.Engine.Program} ps -a), or down and up"
                );
        }
        return "it answers";
    }

    public override async Task DoAsync(Action<string> say, CancellationToken cancellationToken)
    {
        _state.Create();
        if (await lab.ExistsAsync(cancellationToken))
        {
            say("removing what an interruption left");
            await lab.Programs.ReadAsync(lab.Delete, cancellationToken);
        }
        await File.WriteAllTextAsync(_state.Creating, "", cancellationToken);
        await File.WriteAllTextAsync(_state.KindConfig, lab.Plan.Config.ToYaml(), cancellationToken);
        say(Create.ToString());
        await lab.Programs.ReadAsync(Create, cancellationToken);
        if (!OperatingSystem.IsWindows() && File.Exists(_state.Kubeconfig))
            File.SetUnixFileMode(_state.Kubeconfig, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Delete(_state.Creating);
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_state.Kubeconfig))
            return false;
        using var limit = new CancellationTokenSource(s_answerLimit, lab.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var api = lab.Connect();
            await api.CoreV1.ListNamespaceAsync(limit: 1, cancellationToken: either.Token);
            return true;
        }
        catch (Exception e)
            when (e
                    is HttpRequestException
                        or HttpOperationException
                        or k8s.Exceptions.KubeConfigException
                        or IOException
            )
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
