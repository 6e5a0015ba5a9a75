using CiliumDebugging.Lab.Running;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>The formula against a client that draws ports, each of which keeps its backend.</summary>
public sealed class RemotePodsShareTests
{
    [Theory]
    [InlineData(50, "32768-60999")]
    [InlineData(1000, "32768-60999")]
    [InlineData(3000, "32768-60999")]
    [InlineData(300, "40000-43999")]
    public void Ports_that_wait_for_a_failure_leave_more_ports_of_the_pod_that_answers(double rate, string range)
    {
        const double FailsAfter = 1.05,
            AnswersAfter = 0.01,
            Share = 2.0 / 3;
        const int Requests = 200_000;
        var random = new Random(1);
        var ports = new ClientPorts(ClientPortRange.Parse(range).Range, random);
        var backends = new Dictionary<int, int>();
        var busy = new PriorityQueue<int, double>();
        var failed = 0;
        for (var i = 0; i < Requests; i++)
        {
            var now = i / rate;
            while (busy.TryPeek(out var free, out var at) && at <= now)
            {
                busy.Dequeue();
                ports.Release(free);
            }
            ports.TryTake(out var port).ShouldBeTrue();
            if (!backends.TryGetValue(port, out var backend))
                backends[port] = backend = random.Next(3);
            failed += backend > 0 ? 1 : 0;
            busy.Enqueue(port, now + (backend > 0 ? FailsAfter : AnswersAfter));
        }

        var share = (double)failed / Requests;
        var predicted = RemotePodsShare.Expected(
            Share,
            ports.Count,
            share * rate * FailsAfter,
            (1 - share) * rate * AnswersAfter
        );

        // Which port has which backend is drawn once: √(s(1 − s)/P) beside the spread of the requests.
        var spread = 4 * Math.Sqrt(Share * (1 - Share) * (1.0 / Requests + 1.0 / ports.Count));
        share.ShouldBe(predicted, spread);
    }

    [Fact]
    public void Without_requests_under_way_it_is_the_share_of_the_pods() =>
        RemotePodsShare.Expected(2.0 / 3, 14_116, 0, 0).ShouldBe(2.0 / 3, 1e-12);
}
