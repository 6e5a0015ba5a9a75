using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.Lab.Tests.Scenarios;

/// <summary>The fields of <c>endpointSlice</c>, as YAML gives them.</summary>
public sealed class EndpointSliceStepsTests
{
    [Fact]
    public void A_name_and_addresses_are_read_and_none_are_an_empty_slice()
    {
        var (step, problems) = Read("stale", "192.0.2.1", "192.0.2.2", "192.0.2.1");
        problems.ShouldBeEmpty();
        step!.Slice.ShouldBe("stale");
        step.Addresses.ShouldBe(["192.0.2.1", "192.0.2.2"]);
        Read("stale").Step!.Addresses.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Stale", "192.0.2.1", "at.name 'Stale' must be the name of an EndpointSlice")]
    [InlineData("", "192.0.2.1", "at.name '' must be the name of an EndpointSlice")]
    [InlineData("stale\n", "192.0.2.1", "must be the name of an EndpointSlice")]
    [InlineData("stale", "192.0.2", "at.addresses: '192.0.2' is not an IPv4 address")]
    [InlineData("stale", "2001:db8::1", "'2001:db8::1' is not an IPv4 address")]
    [InlineData("stale", "192.0.2.01", "'192.0.2.01' is not an IPv4 address")]
    public void What_is_wrong_is_said_with_its_value(string name, string address, string problem)
    {
        var (step, problems) = Read(name, address);
        step.ShouldBeNull();
        problems.ShouldHaveSingleItem().ShouldContain(problem);
    }

    [Fact]
    public void Fields_that_are_missing_or_unknown_are_named()
    {
        List<string> problems = [];
        var fields = new Dictionary<object, object> { ["name"] = "stale", ["adresses"] = new List<object>() };
        EndpointSliceSteps.Read(fields, "at", problems).ShouldBeNull();
        problems.Count.ShouldBe(2);
        problems[0].ShouldStartWith("at.addresses must be a list");
        problems[1].ShouldBe("at.adresses is unknown; fields are name, addresses");
        EndpointSliceSteps.Read("text", "at", problems).ShouldBeNull();
    }

    private static (EndpointSliceStep? Step, List<string> Problems) Read(string name, params string[] addresses)
    {
        List<string> problems = [];
        var fields = new Dictionary<object, object> { ["name"] = name, ["addresses"] = addresses.ToList<object>() };
        return (EndpointSliceSteps.Read(fields, "at", problems), problems);
    }
}
