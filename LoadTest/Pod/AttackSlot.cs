using System.Text;
using CiliumDebugging.LoadTest.Attack;
using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.ServiceDefaults.Pods;

namespace CiliumDebugging.LoadTest.Pod;

/// <summary>The one attack a load-test Pod carries out at a time.</summary>
public sealed class AttackSlot(TargetResolver resolver, TimeProvider time, PodSandbox? sandbox = null)
    : IAsyncDisposable
{
    private readonly SemaphoreSlim _change = new(1, 1);
    private AttackControl? _attack;
    private AttackLease? _lease;
    private double _epoch;

    /// <summary>Records of the current or last attack; null before the first.</summary>
    public RecordLog? Log { get; private set; }

    /// <summary>State of the current or last attack; null before the first.</summary>
    public AttackState? State
    {
        get
        {
            if (_attack is not { } attack)
                return null;
            var accounting = attack.Accounting;
            var hasEnded = attack.Completion.IsCompleted;
            return new AttackState
            {
                EpochUnixSeconds = _epoch,
                SourceAddress = attack.Plan.SourceAddress?.ToString(),
                Intended = accounting.Intended,
                Sent = accounting.Started,
                NotSent = accounting.NotSent,
                Ended = accounting.Ended,
                Running = !hasEnded,
                Followed = _lease?.IsHeld ?? false,
                Discrepancies = hasEnded ? accounting.Discrepancies() : [],
                Engine = attack.EngineName,
            };
        }
    }

    /// <summary>Starts an attack.</summary>
    /// <exception cref="AttackRefusedException">One is running, or the order cannot be carried out.</exception>
    public async Task StartAsync(AttackOrder order, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(order);
        await _change.WaitAsync(cancellationToken);
        try
        {
            if (_attack is { Completion.IsCompleted: false })
                throw new AttackRefusedException("an attack is running: POST /attack/stop first");
            var plan = await PlanAsync(order, cancellationToken);
            if (plan.Problems() is { Count: > 0 } problems)
                throw new AttackRefusedException(string.Join("; ", problems));
            if (_attack is not null)
                await _attack.DisposeAsync();
            var log = new RecordLog();
            _epoch = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;
            // It outlives the request that ordered it.
            _attack = AttackControl.Start(plan, log, time: time, abort: CancellationToken.None);
            Log = log;
            var attack = _attack;
            _lease = new AttackLease(
                order.LeaseSeconds is { } lease ? TimeSpan.FromSeconds(lease) : Timeout.InfiniteTimeSpan,
                time
            );
            if (order.LeaseSeconds is not null)
                _ = EndWithoutReadersAsync(attack, _lease);
            _ = attack.Completion.ContinueWith(
                _ => log.Complete(),
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
        }
        finally
        {
            _change.Release();
        }
    }

    /// <summary>Until the result is disposed, the records of the current attack are being read.</summary>
    public IDisposable? Follow() => _lease?.Hold();

    private static async Task EndWithoutReadersAsync(AttackControl attack, AttackLease lease)
    {
        using var ended = new CancellationTokenSource();
        var expired = lease.ExpiredAsync(ended.Token);
        if (await Task.WhenAny(expired, attack.Completion) == expired)
            await attack.StopAsync();
        await ended.CancelAsync();
        await expired.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Drains the attack: returns when every request has its outcome.</summary>
    public async Task StopAsync()
    {
        if (_attack is { } attack)
            await attack.StopAsync();
    }

    private async Task<AttackPlan> PlanAsync(AttackOrder order, CancellationToken cancellationToken)
    {
        var (url, wrong) = AttackTarget.ReadUrl(order.Url?.OriginalString ?? "");
        if (url is null)
            throw new AttackRefusedException(wrong!);
        // A number of seconds may be beyond what a TimeSpan holds.
        if (order.TimeoutSeconds is not (> 0 and <= 3600))
            throw new AttackRefusedException($"timeout {order.TimeoutSeconds} s: expected 0.001 to 3600");
        if (order.LeaseSeconds is not (null or (> 0 and <= 86_400)))
            throw new AttackRefusedException($"lease {order.LeaseSeconds} s: expected 0.001 to 86400");
        var (ports, problem) = ClientPortRange.Parse(order.Ports ?? "odd");
        if (problem is not null)
            throw new AttackRefusedException(problem);
        var target = AttackTarget.For(url, await resolver.ResolveAsync(url, cancellationToken)) with
        {
            Method = order.Method,
            Body = order.Body is null ? default : Encoding.UTF8.GetBytes(order.Body),
        };
        var plan = new AttackPlan
        {
            Targets = [target],
            RatePerSecond = order.RatePerSecond,
            SourceAddress = sandbox?.PodAddress,
            Ports = sandbox is null && order.Ports is null ? ClientPortRange.Kernel : ports,
            PortSeed = order.PortSeed,
            Timeout = TimeSpan.FromSeconds(order.TimeoutSeconds),
            KeepAliveConnections = order.KeepAliveConnections,
            Http2 = order.Http2,
        };
        return order.MaxInFlight is { } most ? plan with { MaxInFlight = most } : plan;
    }

    /// <summary>Aborts the attack.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_attack is { } attack)
            await attack.DisposeAsync();
        _change.Dispose();
    }
}
