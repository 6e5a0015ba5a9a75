using CiliumDebugging.Lab.Running.Existing;

namespace CiliumDebugging.Lab.Tests.Running.Existing;

public class LoadBalancingMapTests
{
    private const string Old = """
        SERVICE ADDRESS        BACKEND ADDRESS
        10.96.0.1:443          172.18.0.2:6443 (1)
        10.96.181.139:8080     0.0.0.0:0 (3) [ClusterIP, non-routable]
                               10.244.1.99:8080 (3)
                               10.244.2.68:8080 (3)
        """;

    private const string New = """
        SERVICE ADDRESS               BACKEND ADDRESS (REVNAT_ID) (SLOT)
        10.96.181.139:8080/TCP (1)    10.244.1.99:8080/TCP (4) (1)
        10.96.181.139:8080/TCP (2)    10.244.2.68:8080/TCP (4) (2)
        10.96.0.10:53/UDP (1)         10.244.0.9:53/UDP (2) (1)
        """;

    [Theory]
    [InlineData(Old)]
    [InlineData(New)]
    public void The_list_of_every_release_is_read(string list) =>
        LoadBalancingMap
            .Backends(list, "10.96.181.139:8080")
            .ShouldBe(["10.244.1.99:8080", "10.244.2.68:8080"], ignoreOrder: true);

    [Theory]
    [InlineData("10.244.1.99:8080 10.244.2.68:8080", "has the 2 endpoints")]
    [InlineData(
        "10.244.1.99:8080 10.244.3.41:8080",
        "lacks 10.244.3.41:8080 and has 10.244.2.68:8080, which no EndpointSlice has"
    )]
    public void A_map_that_is_behind_its_endpoints_is_named(string endpoints, string words) =>
        LoadBalancingMap.Compare(Old, "10.96.181.139:8080", endpoints.Split(' ')).ShouldContain(words);

    [Fact]
    public void A_list_that_is_none_is_no_error() =>
        LoadBalancingMap.Compare("[could not be run: 404]", "10.0.0.1:80", []).ShouldContain("has no backend");
}
