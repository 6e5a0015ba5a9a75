using System.Collections.Immutable;
using System.Text.Json.Nodes;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using k8s;

namespace CiliumDebugging.Lab.Running;

/// <summary>An object that is not as it was.</summary>
/// <param name="Title">Which: <c>Service backend/backend-1</c>.</param>
/// <param name="Command">What puts it back, for a shell with kubectl.</param>
/// <param name="Reason">Why it is not.</param>
internal sealed record NotRestored(string Title, string Command, string Reason);

/// <summary>
/// Puts back what a run changes. Each object is read as a whole before it is changed; at the end a merge patch,
/// computed from what it is then, makes it what it was. An object that did not exist is deleted, and one that was
/// deleted is created again. The last change is undone first.
/// </summary>
internal sealed class ClusterUndo(Kubernetes cluster)
{
    /// <summary>Annotation that the controller of Deployments writes itself.</summary>
    private const string Revision = "deployment.kubernetes.io/revision";

    /// <summary>Fields that the API server writes itself.</summary>
    private static readonly ImmutableArray<string> s_serverFields =
    [
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "uid",
    ];

    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(250),
        s_longestPause = TimeSpan.FromSeconds(10);

    private readonly ObjectClient _objects = new(cluster);
    private readonly Stack<Snapshot> _snapshots = new();

    public bool IsEmpty => _snapshots.Count == 0;

    /// <summary>An object as it was; null where there was none.</summary>
    private sealed record Snapshot(
        ObjectReference Reference,
        JsonObject? Before,
        Func<CancellationToken, Task>? Restored
    );

    /// <summary>Remembers every object that a scenario's steps change.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="restored">Runs for each Deployment after it was put back; not when nothing had changed.</param>
    public async Task RememberAsync(
        Scenario scenario,
        CancellationToken cancellationToken,
        Func<ObjectReference, CancellationToken, Task>? restored = null
    )
    {
        foreach (var step in scenario.Steps)
        foreach (var reference in ChangedObjects.Of(step, scenario.Load))
            await RememberAsync(
                reference,
                cancellationToken,
                step is ScaleStep or RolloutStep && restored is not null ? token => restored(reference, token) : null
            );
    }

    /// <summary>Remembers an object; one that is remembered already keeps its first state.</summary>
    /// <param name="reference">The object.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="restored">Runs after the object was put back; not when nothing had changed.</param>
    public async Task RememberAsync(
        ObjectReference reference,
        CancellationToken cancellationToken,
        Func<CancellationToken, Task>? restored = null
    )
    {
        if (_snapshots.Any(s => s.Reference == reference))
            return;
        var before = await _objects.ReadAsync(reference, cancellationToken);
        _snapshots.Push(new Snapshot(reference, before is null ? null : WithoutServerFields(before), restored));
    }

    /// <summary>
    /// Puts every remembered object back, and forgets them. While the API does not answer, or answers with something
    /// else than an object, it tries again, after ever longer pauses.
    /// </summary>
    /// <returns>What was not put back, because the API refused or did not answer in time.</returns>
    public async Task<ImmutableArray<NotRestored>> RestoreAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var failed = ImmutableArray.CreateBuilder<NotRestored>();
        while (_snapshots.TryPop(out var snapshot))
        {
            var last = default(Exception);
            try
            {
                if (
                    await RetryAsync(() => RestoreAsync(snapshot, cancellationToken))
                    && snapshot.Restored is { } restored
                )
                    await RetryAsync(async () =>
                    {
                        await restored(cancellationToken);
                        return true;
                    });
            }
            // Whatever it is: the other objects are put back, and the run's report is written.
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                var reason = ApiFailures.Describe(e is OperationCanceledException && last is not null ? last : e);
                failed.Add(new NotRestored(snapshot.Reference.Title, CommandFor(snapshot), reason));
            }

            async Task<bool> RetryAsync(Func<Task<bool>> attempt)
            {
                for (var pause = s_firstPause; ; pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause)
                {
                    try
                    {
                        return await attempt();
                    }
                    catch (Exception e) when (ApiFailures.MayPass(e) && !cancellationToken.IsCancellationRequested)
                    {
                        last = e;
                        await Task.Delay(pause, time, cancellationToken);
                    }
                }
            }
        }
        return failed.ToImmutable();
    }

    private static string CommandFor(Snapshot snapshot) =>
        snapshot.Before is { } before
            ? $"kubectl replace -f - <<'EOF'\n{before.ToJsonString()}\nEOF"
            : $"kubectl delete {snapshot.Reference.KubectlArguments} --ignore-not-found";

    /// <returns>Whether anything had to be changed.</returns>
    private async Task<bool> RestoreAsync(Snapshot snapshot, CancellationToken cancellationToken)
    {
        var (reference, before, _) = snapshot;
        var now = await _objects.ReadAsync(reference, cancellationToken);
        if (before is null)
        {
            if (now is not null)
                await _objects.DeleteAsync(reference, cancellationToken);
            return now is not null;
        }
        if (now is null)
            return await _objects.TryCreateAsync(reference, before, cancellationToken);
        var patch = MergePatch.Between(WithoutServerFields(now), before);
        if (patch.Count > 0)
            await _objects.PatchAsync(reference, patch, cancellationToken);
        return patch.Count > 0;
    }

    private static JsonObject WithoutServerFields(JsonObject value)
    {
        value.Remove("status");
        foreach (var field in s_serverFields)
            value["metadata"]?.AsObject().Remove(field);
        (value["metadata"]?["annotations"] as JsonObject)?.Remove(Revision);
        return value;
    }
}
