using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Patching;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

/// <summary>The times in managedFields.</summary>
public class FieldManagersTests
{
    private static readonly DateTimeOffset s_first = new(2026, 11, 29, 10, 0, 0, TimeSpan.Zero),
        s_later = s_first.AddMinutes(5);

    private static readonly FieldManager s_kubectl = new("kubectl-patch", IsApply: false, IsStatus: false);

    [Theory]
    [InlineData("b", "2026-11-29T10:05:00Z")]
    [InlineData("a", "2026-11-29T10:00:00Z")]
    public void An_entry_has_the_time_of_its_managers_last_change_of_a_value(string value, string expected)
    {
        var managers = new FieldManagers(ResourceKinds.Services, null, s_first);
        managers.Update(s_kubectl, [], Fields("a"));

        var later = new FieldManagers(ResourceKinds.Services, managers.ToJson(), s_later);
        later.Update(s_kubectl, Fields("a"), Fields(value));

        $"{later.ToJson()[0]!["time"]}".ShouldBe(expected);
    }

    private static Dictionary<string, JsonNode?> Fields(string app) =>
        FieldPaths.Of(
            Schema.Of(ResourceKinds.Services),
            new JsonObject { ["spec"] = new JsonObject { ["selector"] = new JsonObject { ["app"] = app } } }
        );
}
