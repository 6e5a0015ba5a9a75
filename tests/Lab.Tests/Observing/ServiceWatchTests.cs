using System.Collections.Concurrent;
using System.Net;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;
using CiliumDebugging.Testing;
using k8s;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>
/// The live state of a watched Service, with a real API server and simulated Pods.
/// </summary>
public sealed class ServiceWatchTests : IAsyncLifetime
{
    private readonly LiveState _feed = new(TimeProvider.System);
    private readonly CancellationTokenSource _end = new();
    private ObservedCluster _cluster = null!;
    private Kubernetes _client = null!;
    private ApiSwitch _switch = null!;
    private ServiceWatch? _watch;
    private Task _watching = Task.CompletedTask;
    private volatile bool _paused;

    private PageState State => _feed.State;

    public async ValueTask InitializeAsync()
    {
        _cluster = await ObservedCluster.StartAsync();
        (_client, _switch) = ApiSwitch.For(_cluster.Api);
    }

    [Fact]
    public async Task Even_traffic_is_called_even_with_rates_and_shares_and_only_GET_is_used()
    {
        ApplyBackendPolicy();
        Play(new Traffic(1, 1, 1, 1));
        Watch();

        await Eventually.HoldsAsync("the verdict is even", () => State.Verdict?.Kind is VerdictKind.Even);

        State.Activity.ShouldBe(PageActivity.Watching);
        State.Situation.Kind.ShouldBe(RunStatusKind.Balanced);
        State.Rows.Length.ShouldBe(3);
        State.Rows.ShouldAllBe(r => r.OkPerSecond > 0 && r.FailedPerSecond == 0 && r.Share > 0.3 && r.Share < 0.37);
        State.Requests.ShouldBeGreaterThan(1000);
        _cluster.Methods.ShouldAllBe(m => m == "GET");
    }

    [Fact]
    public async Task Two_sided_policies_are_called_skewed_with_the_silent_pods_and_their_failures()
    {
        ApplyBackendPolicy();
        Apply("load-test-policy.yaml");
        Play(new Traffic(2, 1, 1, 1) { TwoSided = true });
        Watch();

        await Eventually.HoldsAsync("the diagnosis is there", () => State.Diagnosis?.Name == "two-sided-l7");

        State.Verdict!.Kind.ShouldBe(VerdictKind.Skewed);
        State.Situation.Headline.ShouldBe("1 of 3 pods answers");
        State.Situation.Since.ShouldMatch(@"^\d\d:\d\d:\d\d$");
        State.Rows.Select(r => r.State).ShouldBe([RowState.Silent, RowState.Silent, RowState.Answers]);
        State.FailedPerSecond.ShouldBeGreaterThan(0);
        State.Rows[0].FailedPerSecond.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Without_traffic_there_is_no_verdict_and_the_rows_are_0()
    {
        var traffic = new Traffic(3, 1, 1, 1);
        _cluster.Answer = (pod, _) => ObservedCluster.Metrics(traffic.Of(pod, 5));
        Watch();

        await Eventually.HoldsAsync("there is no traffic", () =>
            State.Situation.Headline.StartsWith("No requests", StringComparison.Ordinal)
        );

        State.Situation.Headline.ShouldMatch(@"^No requests to backend/backend-1 in the last \d+ s$");
        State.Situation.Kind.ShouldBe(RunStatusKind.Waiting);
        State.Verdict.ShouldBeNull();
        State
            .Rows.Select(r => (r.Name, r.OkPerSecond, r.Share))
            .ShouldBe([("b1", 0, null), ("b2", 0, null), ("b3", 0, null)]);
    }

    [Fact]
    public async Task An_unreachable_API_server_is_shown_with_the_time_and_the_watch_continues_when_it_is_back()
    {
        ApplyBackendPolicy();
        Play(new Traffic(4, 1, 1, 1));
        Watch();
        await Eventually.HoldsAsync("there are rates", () =>
            State.Rows.Length == 3 && State.Rows.All(r => r.OkPerSecond > 0)
        );

        _switch.IsOff = true;
        await Eventually.HoldsAsync("it is not reachable", () =>
            State.Situation.Headline.StartsWith("Not reachable", StringComparison.Ordinal)
        );
        State.Situation.Headline.ShouldMatch(@"^Not reachable since \d\d:\d\d:\d\d$");
        State.Situation.Why.ShouldContain("Connection refused");
        State.Verdict.ShouldBeNull();
        State.Rows.ShouldAllBe(r => r.OkPerSecond == 0);
        State.Rows.Length.ShouldBe(3);

        _switch.IsOff = false;
        await Eventually.HoldsAsync("there is a verdict", () => State.Verdict?.Kind is VerdictKind.Even);
    }

    [Fact]
    public async Task Missing_counters_are_named_with_a_remedy_until_they_exist()
    {
        ApplyBackendPolicy();
        _cluster.Answer = (_, _) => null;
        Watch();

        await Eventually.HoldsAsync("counters are missing", () =>
            State.Situation.Headline == "No counters of backend/backend-1"
        );
        State.Situation.Answers.ShouldContain("Hubble: worker1:");
        State.Situation.Why.ShouldContain("docs/observe.md");
        State.Verdict.ShouldBeNull();

        Play(new Traffic(5, 1, 1, 1));
        await Eventually.HoldsAsync("there is traffic", () =>
            State.Rows.Length == 3 && State.Rows.All(r => r.OkPerSecond > 0)
        );
    }

    [Fact]
    public async Task Series_that_do_not_name_Pods_are_the_reason_for_no_requests()
    {
        ApplyBackendPolicy();
        var traffic = new Traffic(5, 1, 1, 1);
        _cluster.Answer = (pod, n) =>
            ObservedCluster.Metrics(
                pod[0] == 'a' ? traffic.Of(pod, n).Replace("backend/b", "b", StringComparison.Ordinal) : ""
            );
        Watch(with: o => o with { BackendMetric = "" });

        await Eventually.HoldsAsync("there are no requests", () =>
            State.Situation.Headline.StartsWith("No requests", StringComparison.Ordinal)
        );
        State.Situation.Why.ShouldContain("hubble_http_requests_total is there, but without destination=namespace/pod");
    }

    [Fact]
    public async Task The_watch_waits_for_a_Service_that_does_not_exist_or_has_no_pods()
    {
        ApplyBackendPolicy();
        Play(new Traffic(6, 1, 1, 1));
        Watch("later");
        await Eventually.HoldsAsync("it does not exist", () =>
            State.Situation.Headline == "backend/later does not exist"
        );

        _cluster.Service("later");
        await Eventually.HoldsAsync("it has no pods", () => State.Situation.Headline == "backend/later has no pods");
        State.Rows.ShouldBeEmpty();

        _cluster.Create(
            ResourceKinds.EndpointSlices,
            "backend",
            """
            {
              "metadata": { "name": "later-1", "labels": { "kubernetes.io/service-name": "later" } },
              "addressType": "IPv4", "ports": [{ "port": 8080 }],
              "endpoints": [{
                "addresses": ["10.0.1.1"], "nodeName": "worker1", "conditions": { "ready": true },
                "targetRef": { "kind": "Pod", "name": "b1", "namespace": "backend" }
              }]
            }
            """
        );
        await Eventually.HoldsAsync("its pod answers", () => State.Rows is [{ Name: "b1", OkPerSecond: > 0 }]);
    }

    [Fact]
    public async Task A_change_of_backends_begins_a_new_window_so_that_old_counts_are_not_skew()
    {
        ApplyBackendPolicy();
        var (three, two) = (new Traffic(7, 1, 1, 1), new Traffic(8, 1, 1, 0));
        var (changed, from) = (false, new ConcurrentDictionary<string, int>(StringComparer.Ordinal));
        _cluster.Answer = (pod, n) =>
        {
            if (!Volatile.Read(ref changed))
                return ObservedCluster.Metrics(three.Of(pod, n));
            var first = from.GetOrAdd(pod, n);
            return ObservedCluster.Metrics(Sums.Of(three.Of(pod, first), two.Of(pod, n - first)));
        };
        List<VerdictKind> kinds = [];
        _feed.Changed += () =>
        {
            if (State.Verdict is { } verdict)
                lock (kinds)
                    kinds.Add(verdict.Kind);
        };
        Watch();
        await Eventually.HoldsAsync("three are even", () =>
            State is { Verdict.Kind: VerdictKind.Even, Rows.Length: 3 }
        );
        _cluster.Slice(2);
        Volatile.Write(ref changed, true);

        await Eventually.HoldsAsync("two are even", () => State is { Verdict.Kind: VerdictKind.Even, Rows.Length: 2 });

        lock (kinds)
            kinds.ShouldNotContain(VerdictKind.Skewed);
        State.Events.ShouldContain(e => e.Name.Contains("b3", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_watch_pauses_during_a_run_and_continues_after_it()
    {
        ApplyBackendPolicy();
        Play(new Traffic(9, 1, 1, 1));
        Watch();
        await Eventually.HoldsAsync("it watches", () => State is { Activity: PageActivity.Watching, Rows.Length: 3 });

        _paused = true;
        _feed.Begin("two-sided-l7", "A run", manual: false, 50);
        await Eventually.HoldsAsync("nothing is read", async () =>
        {
            var before = _switch.Requests;
            await Task.Delay(100, TestContext.Current.CancellationToken);
            return _switch.Requests == before;
        });
        State.Scenario.ShouldBe("two-sided-l7");
        State.Rows.ShouldBeEmpty();

        _paused = false;
        await Eventually.HoldsAsync("it watches again", () =>
            State is { Activity: PageActivity.Watching, Scenario: "", Rows.Length: 3 }
        );
    }

    [Fact]
    public async Task EndpointSlices_of_a_Kubernetes_before_1_21_are_read()
    {
        ApplyBackendPolicy();
        Play(new Traffic(10, 1, 1, 1));
        _switch.Instead = (_, path) =>
            path.StartsWith("/apis/discovery.k8s.io/v1/", StringComparison.Ordinal)
                ? (HttpStatusCode.NotFound, """{"kind":"Status","code":404}""")
                : null;
        _switch.Path = path => path.Replace("/v1beta1/", "/v1/", StringComparison.Ordinal);
        Watch();

        await Eventually.HoldsAsync("there are rates", () =>
            State.Rows.Length == 3 && State.Rows.All(r => r.OkPerSecond > 0)
        );
    }

    [Fact]
    public async Task Requests_stay_within_their_budget()
    {
        Play(new Traffic(11, 1, 1, 1));
        Watch(with: o => o with { RequestsPerMinute = 30 });

        await Eventually.HoldsAsync("it has read once", () => State.Rows.Length == 3);

        _watch!.Requests.ShouldBeLessThanOrEqualTo(30);
    }

    private void Watch(string service = "backend-1", Func<ObserveOptions, ObserveOptions>? with = null)
    {
        var options = ServiceWatch.OptionsFor("backend", service) with
        {
            Interval = TimeSpan.FromMilliseconds(20),
            RequestsPerMinute = 10_000_000,
        };
        _watch = new ServiceWatch(_client, with?.Invoke(options) ?? options, _feed, TimeProvider.System, () => _paused);
        _watching = _watch.RunAsync(_end.Token);
    }

    private void Play(Traffic traffic) => _cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));

    private void ApplyBackendPolicy() => Apply("backend-policy.yaml");

    private void Apply(string file)
    {
        var (policies, problems) = PolicyManifest.ReadFile(Path.Combine(ScenarioCatalog.BuiltIn, "two-sided-l7", file));
        problems.ShouldBeEmpty();
        foreach (var policy in policies)
            _cluster.Create(
                ResourceKinds.CiliumNetworkPolicies,
                policy.Model.Namespace,
                policy.Manifest.ToJsonString()
            );
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() =>
            _watch is null ? Task.FromCanceled(_end.Token) : _watching
        );
        _client.Dispose();
        _switch.Dispose();
        await _cluster.DisposeAsync();
        _end.Dispose();
    }
}
