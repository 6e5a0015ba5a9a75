using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

public sealed class ReconcilerTests
{
    [Fact]
    public async Task An_object_that_fails_keeps_no_other_waiting_and_its_failure_is_told()
    {
        var done = new List<int>();
        var failure = await Should.ThrowAsync<InvalidOperationException>(() =>
            Reconciler.EachAsync(
                [1, 2, 3],
                async n =>
                {
                    await Task.Yield();
                    if (n == 2)
                        throw new InvalidOperationException("two");
                    done.Add(n);
                },
                TestContext.Current.CancellationToken
            )
        );
        failure.Message.ShouldBe("two");
        done.ShouldBe([1, 3]);
    }

    [Fact]
    public async Task When_everything_is_stopped_the_rest_is_left()
    {
        using var stop = new CancellationTokenSource();
        var done = new List<int>();
        await Should.ThrowAsync<OperationCanceledException>(() =>
            Reconciler.EachAsync(
                [1, 2, 3],
                async n =>
                {
                    done.Add(n);
                    await stop.CancelAsync();
                    stop.Token.ThrowIfCancellationRequested();
                },
                stop.Token
            )
        );
        done.ShouldBe([1]);
    }

    [Fact]
    public async Task An_object_that_cannot_be_worked_on_gets_an_event_once_and_the_others_go_on()
    {
        await using var api = await ApiFixture.StartAsync();
        var events = new EventRecorder(api.Client, TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var writing = events.RunAsync(stop.Token);
        var services = (string[])["a", "odd", "z"];
        var done = new List<string>();

        for (var round = 0; round < 2; round++)
            await Should.ThrowAsync<InvalidOperationException>(() =>
                Reconciler.EachAsync(services.Select(NewService), WorkAsync, events, "tester", stop.Token)
            );

        done.ShouldBe(["a", "z", "a", "z"]);
        await Eventually.HoldsAsync("there is an event", async () => (await EventsAsync()).Count > 0);
        events.Record(NewService("last"), "tester", "Last", "");
        await Eventually.HoldsAsync("the last event is written", async () =>
            (await EventsAsync()).Any(e => e.Reason == "Last")
        );
        var fault = (await EventsAsync()).Where(e => e.Reason == "FailedReconcile").ToList().ShouldHaveSingleItem();
        (fault.InvolvedObject.Name, fault.Type).ShouldBe(("odd", "Warning"));
        fault.Message.ShouldContain("no port");
        await stop.CancelAsync();
        await writing;

        Task WorkAsync(V1Service service)
        {
            if (service.Name() == "odd")
                throw new InvalidOperationException("no port");
            done.Add(service.Name());
            return Task.CompletedTask;
        }

        async Task<IList<Corev1Event>> EventsAsync() =>
            (await api.Client.CoreV1.ListNamespacedEventAsync("default", cancellationToken: stop.Token)).Items;
    }

    private static V1Service NewService(string name) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = "default",
                Uid = name,
            },
        };
}
