using System.Net;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Bench.Skew;

/// <summary>What happened in one simulated run without skew.</summary>
/// <param name="Alarm">The monitor, fed with fresh selections in the order of their starts, called it skewed.</param>
/// <param name="ByCompletion">The same evidence (without an onset search) of every connection in the order of
/// completion reached 1/α.</param>
/// <param name="ExactNull">The same, against exactly equal shares instead of a tolerance, looked at every 100
/// connections.</param>
/// <param name="ChiSquare">A repeated χ² test of every connection in the order of completion rejected.</param>
/// <param name="Even">The monitor called it even at some moment.</param>
/// <param name="Observations">Fresh selections that the monitor saw.</param>
internal readonly record struct FalseAlarmRun(
    bool Alarm,
    bool ByCompletion,
    bool ExactNull,
    bool ChiSquare,
    bool Even,
    long Observations
);

/// <summary>Runs without skew, watched at every connection. Each takes its own seed.</summary>
internal static class FalseAlarms
{
    public const double Alpha = 1e-2;
    private const int Slow = 2;
    private static readonly IPAddress s_client = IPAddress.Parse("10.244.3.7");
    private static readonly VerdictOptions s_options = new() { ErrorProbability = Alpha };

    public static FalseAlarmRun IndependentDraws(ulong seed, int connections) =>
        Watch(connections, seed, (random, watched) => watched.Complete(watched.Start(), random.Below(3), fresh: true));

    /// <summary>Every port keeps the backend of its first use: an even but frozen assignment.</summary>
    public static FalseAlarmRun Conntrack(ulong seed, int connections, int ports)
    {
        IPEndPoint[] sources = [.. Enumerable.Range(0, ports).Select(i => new IPEndPoint(s_client, 32_769 + 2 * i))];
        var (assigned, selections, now) = (new sbyte[ports], new FreshSelections(), TimeSpan.Zero);
        Array.Fill(assigned, (sbyte)-1);
        return Watch(connections, seed, (random, watched) =>
        {
            var port = random.Below(ports);
            if (assigned[port] < 0)
                assigned[port] = (sbyte)random.Below(3);
            now += TimeSpan.FromMilliseconds(2);
            watched.Complete(
                watched.Start(),
                assigned[port],
                selections.Classify("backend-1", sources[port], now) == SelectionOrigin.Fresh
            );
        });
    }

    /// <summary>500 connections a second; one pod answers 2 s later than the others.</summary>
    public static FalseAlarmRun OneSlowPod(ulong seed, int connections)
    {
        var waiting = new Queue<(long Sequence, long Until)>();
        return Watch(connections, seed, (random, watched) =>
        {
            var sequence = watched.Start();
            while (waiting.TryPeek(out var first) && first.Until <= sequence)
                watched.Complete(waiting.Dequeue().Sequence, Slow, fresh: true);
            var backend = random.Below(3);
            if (backend == Slow)
                waiting.Enqueue((sequence, sequence + 1000));
            else
                watched.Complete(sequence, backend, fresh: true);
        });
    }

    /// <summary>The application answers 5 % errors, whichever pod: delivery is watched.</summary>
    public static FalseAlarmRun EvenErrors(ulong seed, int connections) => Watch(connections, seed, (random, watched) =>
        {
            var (sequence, backend) = (watched.Start(), random.Below(3));
            watched.Complete(sequence, backend, fresh: random.Uniform() >= 0.05);
        });

    /// <summary>The worst case without skew: one share exactly at the upper end of the tolerance, another at the
    /// lower.</summary>
    public static FalseAlarmRun EdgeOfTolerance(ulong seed, int connections) =>
        Watch(connections, seed, (random, watched) =>
            watched.Complete(watched.Start(), random.From([1.15 / 3, 1 / 3.0, 0.85 / 3]), fresh: true)
        );

    private static FalseAlarmRun Watch(int connections, ulong seed, Action<SkewRandom, WatchedResources> connection)
    {
        var (random, watched) = (new SkewRandom(seed), new WatchedResources());
        for (var n = 0; n < connections; n++)
            connection(random, watched);
        return watched.Result;
    }

    /// <summary>One run under all the tests that are compared.</summary>
    private sealed class WatchedResources
    {
        private static readonly ExpectedShares s_expected = ExpectedShares.Equal("a", "b", "c");

        private readonly ResolvedPrefix<(int Backend, bool Fresh)> _prefix = new();
        private readonly SkewMonitor _monitor = new(s_expected, s_options);
        private readonly SkewTest _byCompletion = new(s_expected, s_options);
        private readonly RepeatedChiSquare _chiSquare = new(3, Alpha);
        private long _completed;
        private bool _alarm,
            _even,
            _byCompletionSkewed,
            _exactNullRejected;

        public FalseAlarmRun Result =>
            new(_alarm, _byCompletionSkewed, _exactNullRejected, _chiSquare.Rejected, _even, _monitor.Connections);

        public long Start() => _prefix.Begin();

        public void Complete(long sequence, int backend, bool fresh)
        {
            _byCompletion.Add(backend);
            _byCompletionSkewed = _byCompletionSkewed || _byCompletion.IsSkewed;
            if (++_completed % 100 == 0 && !_exactNullRejected)
                _exactNullRejected = _byCompletion.LogEvidenceAgainstExactlyExpected() >= -Math.Log(Alpha);
            _chiSquare.Add(backend);
            _prefix.Resolve(sequence, (backend, fresh));
            while (_prefix.TryRelease(out var released))
            {
                if (!released.Outcome.Fresh || _alarm)
                    continue;
                var state = _monitor.Add(released.Outcome.Backend);
                _alarm |= state == VerdictKind.Skewed;
                _even |= state == VerdictKind.Even;
            }
        }
    }
}
