using System.Collections.Immutable;
using System.Net;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using k8s;
using k8s.Autorest;

namespace CiliumDebugging.Lab.Control;

/// <summary>What the cluster has of a scenario.</summary>
/// <param name="Cluster">Which cluster it is.</param>
/// <param name="Policies">The scenario's policy files, applied or not.</param>
/// <param name="Pods">The backend Pods of its Service.</param>
internal sealed record ObservedObjects(
    ClusterIdentity Cluster,
    ImmutableArray<PolicyCard> Policies,
    ImmutableArray<BackendPod> Pods
);

/// <summary>
/// Looks every two seconds which policies of the scenario are applied, by any user, and which backend Pods exist.
/// </summary>
internal sealed class ClusterWatch : IAsyncDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(2);

    /// <summary>Rights seldom change.</summary>
    private static readonly TimeSpan s_refusedInterval = TimeSpan.FromSeconds(30);

    private readonly Kubernetes _cluster;
    private readonly ObjectClient _objects;
    private readonly Func<Scenario> _scenario;
    private readonly Action<ObservedObjects> _onSeen;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly Task _looking;

    /// <summary>Whether the last look was refused in part: what may not be read is missing.</summary>
    private bool _isRefused;

    public ClusterWatch(Kubernetes cluster, Func<Scenario> scenario, Action<ObservedObjects> onSeen, TimeProvider time)
    {
        (_cluster, _scenario, _onSeen, _time) = (cluster, scenario, onSeen, time);
        _objects = new ObjectClient(cluster);
        _looking = LoopAsync();
    }

    private async Task LoopAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await LookAsync(_stop.Token);
            }
            catch (Exception e)
                when (e is HttpOperationException or HttpRequestException or IOException or OperationCanceledException)
            {
                // The cluster is starting or stopping; the next look shows it.
            }
            await Task.Delay(_isRefused ? s_refusedInterval : s_interval, _time, _stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Looks now.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        // One at a time: an older look must not overwrite a newer one.
        await _one.WaitAsync(cancellationToken);
        try
        {
            var scenario = _scenario();
            _isRefused = false;
            var policies = await PoliciesAsync(scenario, cancellationToken);
            var identity = await _cluster.IdentityAsync(cancellationToken);
            _onSeen(new ObservedObjects(identity, policies, await PodsAsync(scenario, cancellationToken)));
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<ImmutableArray<PolicyCard>> PoliciesAsync(Scenario scenario, CancellationToken cancellationToken)
    {
        List<PolicyCard> cards = [];
        foreach (var (file, policies) in scenario.PolicyFiles())
        {
            var applied = true;
            foreach (var policy in policies)
                applied &= await ExistsAsync(policy, cancellationToken);
            var objects = policies.Select(p => $"{p.Model.Kind} {PrefixOf(p)}{p.Model.Name}");
            cards.Add(new PolicyCard(file, string.Join(", ", objects), policies[0].FileText, applied));
        }
        return [.. cards];
    }

    private static string PrefixOf(PolicyManifest policy) =>
        policy.Model.Namespace.Length > 0 ? $"{policy.Model.Namespace}/" : "";

    private async Task<ImmutableArray<BackendPod>> PodsAsync(Scenario scenario, CancellationToken cancellationToken)
    {
        try
        {
            return await new ClusterReader(_cluster, scenario.Load).BackendsAsync(cancellationToken);
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.Forbidden)
        {
            _isRefused = true;
            return [];
        }
    }

    private async Task<bool> ExistsAsync(PolicyManifest policy, CancellationToken cancellationToken)
    {
        try
        {
            return await _objects.ReadAsync(ChangedObjects.Of(policy), cancellationToken) is not null;
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.Forbidden)
        {
            _isRefused = true;
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _looking;
        _stop.Dispose();
        _one.Dispose();
    }
}
