using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Reports;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.Measurement.Reports.Html;
using CiliumDebugging.Measurement.Tests.Diagnosis;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Reports;

public class RedactionTests
{
    private static readonly ReportDocument s_document = DocumentOf.Run(SampleRun.Create(settingValue: "10.0.0.0/8"));

    [Fact]
    public void No_format_has_a_name_or_an_address_of_the_cluster()
    {
        var redacted = Redaction.Apply(s_document);
        var everything =
            ReportJson.Write(redacted)
            + MarkdownReport.Write(redacted)
            + HtmlReport.Write(redacted)
            + JUnitReport.Write(redacted);
        foreach (var name in (string[])["7d9f", "aaaaa", "cluster-worker", "load-test-1", "backend-1", "10.0.0.0"])
            everything.ShouldNotContain(name);
        everything.ShouldContain("pod-1");
        everything.ShouldContain("node-3");
    }

    [Fact]
    public void Numbers_verdicts_and_links_stay()
    {
        var redacted = Redaction.Apply(s_document);
        redacted.Redacted.ShouldBeTrue();
        redacted
            .Phases.Select(p => (p.Requests, p.Ok, p.Delivery.Kind))
            .ShouldBe(s_document.Phases.Select(p => (p.Requests, p.Ok, p.Delivery.Kind)));
        redacted.Series.Pods.Select(p => p.Echo[^1]).ShouldBe(s_document.Series.Pods.Select(p => p.Echo[^1]));
        redacted.Diagnosis.Links.ShouldBe(s_document.Diagnosis.Links);
        redacted.Phases[1].Pods.Select(p => p.HubbleName).ShouldBe(redacted.Phases[0].Pods.Select(p => p.HubbleName));
        redacted.Cluster.Settings["tunnel"].ShouldBe("(redacted)");
    }

    [Theory]
    [InlineData("http://payments.acme:8080/customers/acme/pay?apikey=k", "http://service-1.namespace-2:8080/")]
    [InlineData("http://payments.acme.svc.corp.example/echo", "http://service-1.namespace-2/")]
    [InlineData("http://payments.backend/", "http://service-1.namespace-1/")]
    [InlineData("http://[2001:db8::1]:8080/", "http://address:8080/")]
    [InlineData("file:///etc/passwd", "(redacted)")]
    public void Of_a_url_only_its_kind_stays(string url, string expected) =>
        Redaction.Apply(s_document with { Load = s_document.Load with { Url = url } }).Load.Url.ShouldBe(expected);

    [Fact]
    public void Sentences_of_the_program_stay_readable()
    {
        var redacted = Redaction.Apply(s_document);

        redacted.Result!.Title.ShouldBe("1 of 3 pods answers since 30.0 s ((redacted) was applied)");
        redacted.Result.Verdict.ShouldStartWith(
            "skewed beyond ±15 %: busiest pod-3; starved pod-1, pod-2 (error probability 1E-4); 510 connections, "
        );
        redacted.Diagnosis.Sentence.ShouldBe(s_document.Diagnosis.Sentence);
        redacted.Scenario.Name.ShouldBe("two-sided-l7");
        redacted.Reconciliation[0].What.ShouldBe("requests that reached pod-1");
        redacted.StartedAt.ShouldBe(DateTimeOffset.UnixEpoch);
    }

    [Fact]
    public void The_names_of_the_catalogues_scenarios_stay()
    {
        foreach (var folder in Directory.EnumerateDirectories(Path.Combine(Repository.Root, "scenarios")))
        {
            var scenario = s_document.Scenario with { Name = Path.GetFileName(folder) };
            Redaction.Apply(s_document with { Scenario = scenario }).Scenario.Name.ShouldBe(scenario.Name);
        }
    }

    [Fact]
    public void The_words_of_every_diagnosis_are_known()
    {
        foreach (var run in SyntheticRuns.All(1))
        {
            var diagnosis = Diagnostician.Diagnose(run.Evidence);
            var phase = DocumentOf.Run(SampleRun.Create() with { Phases = [run.Evidence.Phase] }).Phases[0];
            var redacted = Redaction.Apply(
                s_document with
                {
                    Phases = [phase],
                    Diagnosis = DocumentOf.Diagnosis(diagnosis),
                },
                [run.Evidence.ClientNode]
            );
            var words = redacted.Diagnosis.Sentence.Split(' ');
            words
                .Count(w => w.Contains("(redacted)", StringComparison.Ordinal))
                .ShouldBeLessThanOrEqualTo(words.Length / 5, $"{redacted.Diagnosis.Sentence}\n{diagnosis.Sentence}");
            redacted.Diagnosis.Links.ShouldBe(diagnosis.Links);
        }
    }

    /// <summary>Every text of a report, also the names of fields where they are data, and every number that may be a
    /// text, is a marker of its own.</summary>
    [Fact]
    public void Of_200_markers_in_every_text_that_a_run_can_carry_none_is_left()
    {
        var count = 0;
        string Marker() => $"{(count++ % 4 == 0 ? "Zq-" : "zq")}{count}x.{(count % 3 == 0 ? "corp/" : "")}acme{count}";
        string[] kept = ["schema", "startedAt", "end", "kind"];
        JsonNode? Plant(JsonNode? node, string field) =>
            node switch
            {
                JsonObject map => new JsonObject(
                    map.Select(f =>
                        KeyValuePair.Create(
                            field is "byPod" or "unanswered" or "settings" ? Marker() : f.Key,
                            Plant(f.Value, f.Key)
                        )
                    )
                ),
                JsonArray { Count: 0 } => new JsonArray(),
                JsonArray list => new JsonArray([.. list.Select(item => Plant(item, field))]),
                JsonValue value when value.GetValueKind() is JsonValueKind.String && !kept.Contains(field) =>
                    JsonValue.Create(
                        field switch
                        {
                            "url" => $"http://{Marker().Replace('/', '.')}:8080/{Marker()}?key={Marker()}#{Marker()}",
                            "source" or "links" => $"https://docs.cilium.io/{Marker()}",
                            _ => $"{value} {Marker()}, ({Marker()}) {Marker()} 10.1.2.{count} fd00::{count}:acme",
                        }
                    ),
                _ => node?.DeepClone(),
            };
        var full = s_document with
        {
            Cluster = s_document.Cluster with
            {
                Nodes = [new(3, "v1.20", "5.8", "Debian", "containerd")],
                Kubernetes = "v1",
            },
            Load = s_document.Load with { Ports = "odd" },
            Quality = [new(true, "Hubble")],
            EndedEarly = "why",
            MachineGate = "why",
        };
        var planted = ReportJson.Read(Plant(JsonNode.Parse(ReportJson.Write(full)), "")!.ToJsonString());
        count.ShouldBeGreaterThan(200);

        var redacted = Redaction.Apply(planted);

        foreach (
            var text in (string[])
                [
                    ReportJson.Write(redacted),
                    MarkdownReport.Write(redacted),
                    HtmlReport.Write(redacted),
                    JUnitReport.Write(redacted),
                ]
        )
        {
            Regex
                .Matches(text, "(?i)zq-?[0-9]+x|acme[0-9]+|corp/|10\\.1\\.2|fd00")
                .Select(m => m.Value)
                .ShouldBeEmpty();
        }
    }

    [Fact]
    public void Five_thousand_pods_are_redacted_in_seconds()
    {
        var phase = s_document.Phases[1];
        var large = s_document with
        {
            Phases =
            [
                phase with
                {
                    Pods =
                    [
                        .. Enumerable.Range(0, 5000).Select(i => phase.Pods[0] with { Name = $"shop-7d9f-{i:x5}" }),
                    ],
                },
            ],
        };
        var watch = Stopwatch.StartNew();

        ReportJson.Write(Redaction.Apply(large)).ShouldNotContain("shop");

        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData("requests intended = sent + not sent")]
    [InlineData("Hubble requests = responses + denied (403)")]
    [InlineData("Hubble successes = backend requests + second passes through the client's proxy")]
    [InlineData("upgrade to Cilium 1.9.9 or later (cilium/cilium#14268, fixed by cilium/cilium@4b769cb53a)")]
    [InlineData(".NET 10.0.12")]
    public void The_programs_own_words_stay_in_its_sentences(string sentence)
    {
        s_document.Phases[1].Pods[0].Namespace.ShouldBe("backend");
        var line = s_document.Reconciliation[0] with { What = sentence, Explanation = sentence };
        var redacted = Redaction.Apply(s_document with { Reconciliation = [line] }).Reconciliation[0];
        (redacted.What, redacted.Explanation).ShouldBe((sentence, sentence));
    }

    [Fact]
    public void The_titles_of_the_catalogues_scenarios_stay()
    {
        foreach (var title in ScenarioCatalog.All.Select(s => s.Title))
            Redaction
                .Apply(s_document with { Scenario = s_document.Scenario with { Title = title } })
                .Scenario.Title.ShouldBe(title);
    }

    [Theory]
    [InlineData("v1.32.0-cilium-debugging", "v1.32.0")]
    [InlineData("v1.29.3-eks-a5ec690", "v1.29.3")]
    [InlineData("v1.30.1+k3s1", "v1.30.1")]
    [InlineData("v1.31", "v1.31")]
    [InlineData("10.1.2.3", "(redacted)")]
    [InlineData("acme", "(redacted)")]
    public void The_release_of_Kubernetes_stays_without_what_its_provider_adds(string version, string expected)
    {
        var cluster = s_document.Cluster with { Kubernetes = version, Nodes = [new(3, version, null, null, null)] };
        var redacted = Redaction.Apply(s_document with { Cluster = cluster }).Cluster;
        (redacted.Kubernetes, redacted.Nodes[0].Kubelet).ShouldBe((expected, expected));
    }

    /// <summary>A replaced word would tell the name: it is the one that belongs in the sentence.</summary>
    [Fact]
    public void Sentences_keep_their_words_whatever_the_clusters_objects_are_called()
    {
        string[] words = [.. "client skewed even worker cilium kube-proxy connections of pods busiest".Split(' ')];
        var plain = Redaction.Apply(s_document);
        foreach (var word in words)
        foreach (var other in words.Where(w => w != word))
        {
            PodInfo Named(PodInfo pod) =>
                pod.Name == s_document.Phases[1].Pods[0].Name
                    ? pod with
                    {
                        Name = word,
                        Namespace = other,
                        Node = other,
                    }
                    : pod;
            var document = s_document with
            {
                Phases = [.. s_document.Phases.Select(p => p with { Pods = [.. p.Pods.Select(Named)] })],
                Cluster = s_document.Cluster with { ClientPod = $"{other}/{word}", ClientNode = word },
                Load = s_document.Load with { Url = $"http://{word}.{other}:8080/" },
                Series = s_document.Series with
                {
                    Pods = [.. s_document.Series.Pods.Select(p => p with { Pod = $"{other}/{word}" })],
                },
            };

            var redacted = Redaction.Apply(document);

            redacted.Diagnosis.Sentence.ShouldBe(s_document.Diagnosis.Sentence, word);
            redacted.Phases.Select(p => p.Delivery.Kind).ShouldBe(s_document.Phases.Select(p => p.Delivery.Kind));
            redacted.Reconciliation[^1].Explanation.ShouldBe(plain.Reconciliation[^1].Explanation, word);
            redacted.Phases[0].Delivery.Text.ShouldBe(plain.Phases[0].Delivery.Text, word);
            var fields = redacted
                .Phases.SelectMany(p => p.Pods)
                .SelectMany(p => (string[])[p.Name, p.Namespace, p.Node])
                .Concat(redacted.Series.Pods.SelectMany(p => p.Pod.Split('/')))
                .Concat([redacted.Cluster.ClientNode, .. redacted.Cluster.ClientPod.Split('/'), redacted.Load.Url]);
            fields.ShouldAllBe(f => !words.Contains(f) && !f.Contains(word + ".") && !f.Contains("." + other));
        }
    }

    /// <summary>A namespace may be called as a verdict, a kind of cluster or a diagnosis; so may any other object.</summary>
    [Fact]
    public void The_schemas_own_words_stay_whatever_the_clusters_objects_are_called()
    {
        foreach (
            var name in (string[])
                [
                    .. "even skewed undecided emulated kind existing open recovered failing client".Split(' '),
                    .. s_document.Phases.Select(p => p.Name),
                    s_document.Scenario.Name,
                    s_document.Diagnosis.Name,
                ]
        )
        {
            // A namespace, a Service, a Pod and a node.
            ShouldKeepItsWords(s_document with { Phases = WithPod(pod => pod with { Namespace = name }) });
            ShouldKeepItsWords(s_document with { Load = s_document.Load with { Url = $"http://{name}.shop:80/" } });
            ShouldKeepItsWords(s_document with { Phases = WithPod(pod => pod with { Name = name }) });
            ShouldKeepItsWords(s_document with { Phases = WithPod(pod => pod with { Node = name }) });
        }
    }

    private static ImmutableArray<PhaseInfo> WithPod(Func<PodInfo, PodInfo> change) =>
        [.. s_document.Phases.Select(p => p with { Pods = [change(p.Pods[0]), .. p.Pods.Skip(1)] })];

    private static void ShouldKeepItsWords(ReportDocument document)
    {
        document = document with
        {
            Cluster = document.Cluster with { Kind = "kind" },
            Load = document.Load with { Ports = "even" },
        };
        Words(Redaction.Apply(document)).ShouldBe(Words(document));
        // The name itself is where names are.
        Redaction
            .Apply(document)
            .Phases[0]
            .Pods[0]
            .ShouldSatisfyAllConditions(
                pod => pod.Name.ShouldStartWith("pod-"),
                pod => pod.Namespace.ShouldStartWith("namespace-"),
                pod => pod.Node.ShouldStartWith("node-")
            );

        static IEnumerable<string?> Words(ReportDocument d) =>
            [
                d.Result?.Kind,
                d.Cluster.Kind,
                d.Load.Ports,
                d.Scenario.Name,
                d.Scenario.Evidence,
                d.Diagnosis.Name,
                .. d.Onsets.Select(o => o.End),
                .. d.Reconciliation.SelectMany(r => new[] { r.Left, r.Right }),
                .. d.Phases.SelectMany(p => new[] { p.Name, p.Selection.Kind, p.Delivery.Kind, p.SelectionSource }),
                .. d.Phases.SelectMany(p => p.Unanswered.Keys),
            ];
    }

    [Fact]
    public void Harmless_settings_stay() =>
        Redaction
            .Apply(DocumentOf.Run(SampleRun.Create(settingValue: "vxlan")))
            .Cluster.Settings["tunnel"]
            .ShouldBe("vxlan");
}
