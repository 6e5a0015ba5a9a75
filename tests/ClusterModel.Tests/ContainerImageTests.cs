using CsCheck;

namespace CiliumDebugging.ClusterModel.Tests;

public sealed class ContainerImageTests
{
    [Theory]
    [InlineData("quay.io/cilium/cilium:v1.9.0", "quay.io/cilium/cilium", "v1.9.0", null)]
    [InlineData("quay.io/cilium/cilium:v1.10.0@sha256:5876", "quay.io/cilium/cilium", "v1.10.0", "sha256:5876")]
    [InlineData("quay.io/cilium/cilium@sha256:5876", "quay.io/cilium/cilium", null, "sha256:5876")]
    [InlineData("registry.local:5000/cilium:v1.9.0", "registry.local:5000/cilium", "v1.9.0", null)]
    [InlineData("registry.local:5000/cilium", "registry.local:5000/cilium", null, null)]
    [InlineData("registry.local:5000/cilium@sha256:5876", "registry.local:5000/cilium", null, "sha256:5876")]
    [InlineData("[::1]:5000/a/cilium:v1.9.0@sha256:5876", "[::1]:5000/a/cilium", "v1.9.0", "sha256:5876")]
    [InlineData("cilium", "cilium", null, null)]
    [InlineData("", "", null, null)]
    [InlineData(null, "", null, null)]
    public void Registry_port_tag_and_digest_are_told_apart(
        string? reference,
        string repository,
        string? tag,
        string? digest
    ) => ContainerImage.Parse(reference).ShouldBe(new ContainerImage(repository, tag, digest));

    [Fact]
    public void What_is_put_together_is_taken_apart_again()
    {
        var word = Gen.String[Gen.Char["abz09-_."], 1, 8];
        Gen.Select(word, Gen.Int[1, 65535], word, word, word, Gen.Int[0, 7])
            .Sample(
                (host, port, repository, tag, digest, parts) =>
                {
                    var name = (parts & 1) == 0 ? $"{host}/{repository}" : $"{host}:{port}/{repository}";
                    var image = new ContainerImage(
                        name,
                        (parts & 2) == 0 ? null : tag,
                        (parts & 4) == 0 ? null : $"sha256:{digest}"
                    );
                    var text =
                        image.Repository
                        + (image.Tag is null ? "" : $":{image.Tag}")
                        + (image.Digest is null ? "" : $"@{image.Digest}");
                    return ContainerImage.Parse(text) == image;
                }
            );
    }
}
