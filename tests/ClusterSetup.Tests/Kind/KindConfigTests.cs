using System.Diagnostics;
using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.ClusterSetup.Kind.Cilium;
using CiliumDebugging.ClusterSetup.Kind.Config;
using CiliumDebugging.ClusterSetup.Kind.Programs;
using CsCheck;
using YamlDotNet.RepresentationModel;

namespace CiliumDebugging.ClusterSetup.Tests.Kind;

public class KindConfigTests
{
    /// <summary>
    /// Fields of v1alpha4 that the lab uses (pkg/apis/config/v1alpha4/types.go); kind refuses any other.
    /// </summary>
    private static readonly Dictionary<string, string[]> s_known = new()
    {
        [""] = ["kind", "apiVersion", "name", "networking", "nodes"],
        ["networking"] = ["podSubnet", "disableDefaultCNI"],
        ["nodes"] = ["role", "image"],
    };

    [Fact]
    public void A_configuration_without_problems_has_only_fields_and_roles_that_kind_knows() =>
        Gen.Select(
                Gen.String[Gen.Char["abz019.-"], 1, 12],
                Gen.Int[1, KindConfig.MaxWorkers],
                Gen.Bool,
                Gen.Int[0, KindNodeImage.All.Length - 1].Select(i => KindNodeImage.All[i].Reference)
            )
            .Sample(
                (name, workers, cilium, image) =>
                {
                    var config = KindConfig.Create(name, workers, image, cilium);
                    if (config.Problems().Any())
                        return;
                    var stream = new YamlStream();
                    stream.Load(new StringReader(config.ToYaml()));
                    var root = (YamlMappingNode)stream.Documents.Single().RootNode;
                    Names(root).ShouldBeSubsetOf(s_known[""]);
                    root["name"].ToString().ShouldBe(name);
                    Names((YamlMappingNode)root["networking"]).ShouldBeSubsetOf(s_known["networking"]);
                    var nodes = ((YamlSequenceNode)root["nodes"]).Cast<YamlMappingNode>().ToList();
                    nodes.ShouldAllBe(n => Names(n).All(k => s_known["nodes"].Contains(k)));
                    nodes
                        .Select(n => n["role"].ToString())
                        .ShouldBe(["control-plane", .. Enumerable.Repeat("worker", workers)]);
                },
                iter: 200
            );

    [Theory]
    [InlineData("Bad_Name", 3, "kindest/node:v1.30.0", "--name 'Bad_Name'")]
    [InlineData("-lab", 3, "kindest/node:v1.30.0", "--name '-lab'")]
    [InlineData("lab", 21, "kindest/node:v1.30.0", "--nodes 21")]
    [InlineData("lab", 3, "kindest/node: v1", "--image")]
    public void What_kind_would_refuse_is_said_before_kind_is_asked(
        string name,
        int workers,
        string image,
        string problem
    ) =>
        KindConfig
            .Create(name, workers, image, withCilium: true)
            .Problems()
            .ShouldHaveSingleItem()
            .ShouldContain(problem);

    [Fact]
    public async Task Kind_itself_takes_every_configuration_and_fails_for_the_lack_of_an_engine_only()
    {
        var real = new CiliumDebugging.ClusterSetup.Kind.Programs.ProgramRunner(
            Environment.GetEnvironmentVariable("PATH") ?? "",
            TimeProvider.System
        ).Find("kind");
        if (real is null)
            Assert.Skip("kind is not on PATH");
        // An engine that says it has every image and runs no container: kind decodes and validates, looks for the
        // image, and fails at its first node. (Without the image it would ask for it for ten seconds.)
        using var fakes = new FakePrograms().Add(
            "docker",
            """
            case "$all" in
              info*) echo '{"CgroupDriver":"systemd","CgroupVersion":"2","MemoryLimit":true,"PidsLimit":true,"CPUShares":true,"SecurityOptions":["name=cgroupns"],"OperatingSystem":"Linux","OSType":"linux"}';;
              ps*|network*|version*|-v*|inspect*|rm*) exit 0;;
              *) echo "no engine here" >&2; exit 1;;
            esac
            """
        );
        await Parallel.ForEachAsync(
            KindNodeImage.All,
            new ParallelOptions
            {
                MaxDegreeOfParallelism = 4,
                CancellationToken = TestContext.Current.CancellationToken,
            },
            async (image, cancellation) =>
            {
                var file = Path.Combine(fakes.Folder, $"kind-{image.Kubernetes}.yaml");
                await File.WriteAllTextAsync(
                    file,
                    KindConfig.Create("lab", 3, image.Reference, withCilium: true).ToYaml(),
                    cancellation
                );
                using var process = Process.Start(
                    new ProcessStartInfo(
                        real,
                        [
                            "create",
                            "cluster",
                            "--config",
                            file,
                            "--kubeconfig",
                            Path.Combine(fakes.Folder, "kubeconfig"),
                        ]
                    )
                    {
                        RedirectStandardError = true,
                        RedirectStandardOutput = true,
                        Environment = { ["PATH"] = fakes.SearchPath },
                    }
                )!;
                var output = await process.StandardError.ReadToEndAsync(cancellation);
                await process.WaitForExitAsync(cancellation);
                process.ExitCode.ShouldBe(1);
                output.ShouldContain("no engine here", customMessage: $"{image.Kubernetes}: {output}");
                output.ShouldContain("Preparing nodes", customMessage: $"{image.Kubernetes}: {output}");
            }
        );
    }

    private static IEnumerable<string> Names(YamlMappingNode node) => node.Children.Keys.Select(k => k.ToString());
}
