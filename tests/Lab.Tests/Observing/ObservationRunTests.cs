using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>
/// <c>observe</c> by scraping: what is concluded, and when it ends.
/// </summary>
public sealed class ObservationRunTests : ObservationTests
{
    [Fact]
    public async Task Even_load_is_called_even_and_ends_with_0()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(1, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));

        var (code, text, report) = await ObserveAsync(cluster);

        code.ShouldBe(0, text);
        report!.Phases[0].Delivery.Kind.ShouldBe("even", text);
        report.Phases[0].Delivery.Text.ShouldContain("asymptotic error probability 1E-4");
        report.Phases[0].SelectionSource.ShouldBe("Hubble");
        report.Diagnosis.Name.ShouldBe("even");
        report.Cluster.CiliumVersion.ShouldBe("1.9.0");
        report.Quality.ShouldHaveSingleItem().Text.ShouldContain("no hubble_lost_events_total");
        report.Phases[0].ClientNodes.ShouldHaveSingleItem().Node.ShouldBe("worker3");
        report.Phases[0].Locality!.Expected.ShouldBe(1 / 3.0, 1e-9);
        report.Reconciles.ShouldBeTrue();
        cluster.Methods.ShouldAllBe(m => m == "GET");
    }

    /// <summary>A bug of the observed Cilium that opens a policy on the path.</summary>
    [Fact]
    public async Task What_cilium_does_beside_a_policys_text_is_part_of_the_report()
    {
        await using var cluster = await ObservedCluster.StartAsync(image: "quay.io/cilium/cilium:v1.19.4");
        Apply(cluster, "backend-policy.yaml");
        cluster.Create(
            ResourceKinds.NetworkPolicies,
            "backend",
            """
            {"metadata":{"name":"office"},"spec":{"podSelector":{},
             "ingress":[{"from":[{"ipBlock":{"cidr":"192.0.2.0/24"}}]}]}}
            """
        );
        var traffic = new Traffic(1, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));

        var (_, text, report) = await ObserveAsync(cluster);

        report!.Quality.ShouldContain(q => !q.Fails && q.Text.Contains("a bug of Cilium's"), text);
        text.ShouldContain("NetworkPolicy backend/office, spec.ingress[0].from[0]");
    }

    [Fact]
    public async Task A_service_that_fails_evenly_ends_with_3_and_every_file_says_so()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(1, 1, 1, 1) { Failing = true };
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));

        var (code, text, report) = await ObserveAsync(cluster, o => o with { For = TimeSpan.FromSeconds(8) });

        code.ShouldBe(3, text);
        report!.Result!.Kind.ShouldBe("failing");
        text.ShouldContain($"result       failing: {report.Result.Title}");
        text.ShouldMatch(@"failed       (\d+) of \1: \1 × 503");
        report.Expectations.Single(e => !e.Holds).What.ShouldBe("no request fails");
        var folder = Directory.EnumerateDirectories(Folder).Single();
        File.ReadAllText(Path.Combine(folder, "junit.xml")).ShouldContain("failures=\"1\"");
        var markdown = File.ReadAllText(Path.Combine(folder, "report.md"));
        markdown.ShouldContain("Checks: 3 of 4 passed");
        markdown.ShouldNotContain("reproduced as expected");
    }

    [Fact]
    public async Task The_skew_of_the_original_report_is_found_named_and_ends_with_3()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        Apply(cluster, "load-test-policy.yaml");
        var traffic = new Traffic(2, 1, 1, 1) { TwoSided = true };
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));

        var (code, text, report) = await ObserveAsync(cluster, o => o with { Watch = true });

        code.ShouldBe(3, text);
        report!.Diagnosis.Name.ShouldBe("two-sided-l7");
        report.Phases[0].Selection.Kind.ShouldNotBe("skewed");
        report.Phases[0].Pods.Select(p => Math.Round(p.SuccessRate.Estimate!.Value, 6)).ShouldBe([0, 0, 1]);
        report.Onsets.ShouldHaveSingleItem();
        text.ShouldContain("remedy");
    }

    [Fact]
    public async Task Watching_continues_until_load_is_skewed_and_names_the_change()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var (even, rounds) = (new Traffic(3, 1, 1, 1), 0);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(n < 30 ? even.Of(pod, n) : Shifted(even, pod, n));
        // From the 30th scrape on, the first backend gets all requests.
        string Shifted(Traffic traffic, string pod, int n)
        {
            rounds = Math.Max(rounds, n);
            var (before, now) = (traffic.Of(pod, 29), 300 * (n - 29));
            return pod is "b1" or "agent1"
                ? System.Text.RegularExpressions.Regex.Replace(before, @" (\d+)\n", m =>
                    $" {long.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) + now}\n"
                )
                : before;
        }

        var (code, text, report) = await ObserveAsync(cluster, o => o with { Watch = true });

        code.ShouldBe(3, text);
        rounds.ShouldBeGreaterThanOrEqualTo(30);
        report!.Onsets.ShouldHaveSingleItem().Events.ShouldBeEmpty();
        report.Onsets[0].Support.ShouldNotBeNull();
        report.Diagnosis.Name.ShouldBe("unknown");
    }

    [Fact]
    public async Task A_pod_that_becomes_unready_has_no_fair_share_and_begins_a_new_phase()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var (three, two) = (new Traffic(4, 1, 1, 1), new Traffic(5, 1, 1, 0));
        cluster.Answer = (pod, n) =>
        {
            // Once, and only after at least one scrape of everything.
            if (n == 8 && pod == "agent1")
                cluster.Slice(3, "b3");
            return ObservedCluster.Metrics(n < 8 ? three.Of(pod, n) : Sums.Of(three.Of(pod, 8), two.Of(pod, n - 8)));
        };

        var (code, text, report) = await ObserveAsync(cluster);

        code.ShouldBe(0, text);
        report!.Events.ShouldHaveSingleItem().Name.ShouldBe("no longer ready: b3");
        report.Phases[0].Pods.Select(p => p.Expected).ShouldBe([0.5, 0.5, 0]);
        report.Phases[0].Delivery.Kind.ShouldBe("even", text);
        report.Diagnosis.Name.ShouldBe("unready-pod");
    }

    [Fact]
    public async Task Requests_that_count_twice_under_a_new_policy_are_not_skew()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(10, 1, 1, 1) { EgressFrom = 8 };
        cluster.Answer = (pod, n) =>
        {
            if (n == 8 && pod == "agent1")
                Apply(cluster, "load-test-policy.yaml");
            return ObservedCluster.Metrics(traffic.Of(pod, n));
        };

        var (code, text, report) = await ObserveAsync(cluster);

        code.ShouldBe(0, text);
        report!.Events.ShouldHaveSingleItem().Name.ShouldBe("other HTTP rules for load-test/client");
        report.Phases[0].Selection.Kind.ShouldBe("even", text);
        report.Diagnosis.Name.ShouldBe("even");
    }

    [Fact]
    public async Task Samples_from_before_a_change_do_not_count_under_the_rules_after_it()
    {
        const int Change = 30;
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var (clock, traffic) = (new SteppedClock(), new Traffic(17, 1, 1, 1) { EgressFrom = Change });
        var start = clock.GetUtcNow();
        var applied = false;
        await using var prometheus = new FakePrometheus
        {
            // A scrape every second of the clock; several of them between two readings.
            Answer = query =>
            {
                var scrapes = (int)(clock.GetUtcNow() - start).TotalSeconds;
                if (scrapes >= Change && !applied)
                {
                    applied = true;
                    Apply(cluster, "load-test-policy.yaml");
                }
                var last = (start - DateTimeOffset.UnixEpoch).TotalSeconds + scrapes;
                return FakePrometheus.Scraped(traffic, scrapes + 1, last)(query);
            },
        };

        var result = await new ObservationRun(
            cluster.Api.Client,
            Options() with
            {
                Prometheus = new PrometheusServer(prometheus.Address),
                Watch = true,
                For = TimeSpan.FromSeconds(Change + 60),
            },
            clock
        ).RunAsync(
            (_, passing, _) => clock.Advance(TimeSpan.FromSeconds(passing ? 3 : 0)),
            TestContext.Current.CancellationToken
        );

        result.Report.Details.Events.ShouldHaveSingleItem().Name.ShouldStartWith("other HTTP rules for");
        result.View.ShouldBe(Measurement.Observation.TargetKind.Hubble);
        result.Report.Latest.HttpRules.ShouldBe((true, true));
        foreach (var line in result.Report.Reconciliation)
            line.LeftCount.ShouldBe(line.RightCount, 0.02 * line.RightCount + 1);
        result.Skewed.ShouldBeFalse();
    }

    [Fact]
    public async Task Agents_in_another_namespace_and_images_by_digest_are_found()
    {
        await using var cluster = await ObservedCluster.StartAsync(
            "cilium",
            "registry.local:5000/cilium:v1.10.0@sha256:587627d909ff0e0fd9ca397484589e9a6"
        );
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(1, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));
        cluster.Create(
            ResourceKinds.ConfigMaps,
            "cilium",
            """{"metadata":{"name":"cilium-config"},"data":{"tunnel":"vxlan"}}"""
        );

        var (code, text, report) = await ObserveAsync(cluster);

        code.ShouldBe(0, text);
        report!.Phases[0].SelectionSource.ShouldBe("Hubble", text);
        report.Cluster.CiliumVersion.ShouldBe("1.10.0");
        report.Cluster.Settings["tunnel"].ShouldBe("vxlan");
    }

    [Fact]
    public async Task A_cluster_before_Kubernetes_1_21_is_observed_by_its_old_slices()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(1, 1, 1, 1);
        cluster.Answer = (pod, n) => ObservedCluster.Metrics(traffic.Of(pod, n));
        var (client, between) = ApiSwitch.For(cluster.Api);
        using var _ = client;
        between.Instead = (_, path) =>
            path.StartsWith("/apis/discovery.k8s.io/v1/", StringComparison.Ordinal)
                ? (System.Net.HttpStatusCode.NotFound, """{"kind":"Status","code":404}""")
                : null;
        between.Path = path => path.Replace("/v1beta1/", "/v1/", StringComparison.Ordinal);

        var result = await new ObservationRun(client, Options(), TimeProvider.System).RunAsync(
            (_, _, _) => { },
            TestContext.Current.CancellationToken
        );

        result.Report.Latest.Delivery.Successes.Kind.ShouldBe(Statistics.VerdictKind.Even);
    }

    [Fact]
    public async Task An_observation_that_is_interrupted_reports_what_was_seen()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Apply(cluster, "backend-policy.yaml");
        var traffic = new Traffic(7, 1, 1, 1);
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        cluster.Answer = (pod, n) =>
        {
            if (n == 8)
                interrupt.Cancel();
            return ObservedCluster.Metrics(traffic.Of(pod, n));
        };

        var (code, text, report) = await ObserveAsync(
            cluster,
            o => o with { Watch = true, For = null },
            interrupt.Token
        );

        code.ShouldBe(130, text);
        report!.EndedEarly.ShouldBe("the run was interrupted");
        report.Result!.Title.ShouldStartWith("Partial result, because the run was interrupted: ");
        report.Phases[0].Requests.ShouldBeGreaterThan(0);
    }
}
