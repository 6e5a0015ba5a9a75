using System.Text.Json.Nodes;
using CiliumDebugging.Lab.Running;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>Who made a change, by the entries of managedFields.</summary>
public class WatchedKindTests
{
    private const string Selector = """{"f:spec":{"f:selector":{}}}""",
        Affinity = """{"f:spec":{"f:sessionAffinity":{}}}""";

    [Fact]
    public void The_manager_that_owns_what_changed_made_the_change()
    {
        // kubectl changed the selector again, which its entry does not show, after the lab had put the Service back.
        var (before, after) = (
            Service("a", ("kubectl-patch", "10:00:00", Selector), ("lab", "10:05:00", Affinity)),
            Service("b", ("kubectl-patch", "10:00:00", Selector), ("lab", "10:05:00", Affinity))
        );

        WatchedKind.ManagerOf(before, after).ShouldBe("kubectl-patch");
    }

    [Fact]
    public void Of_several_owners_the_one_whose_entry_is_new_made_the_change()
    {
        var before = Service("a", ("kubectl-patch", "10:00:00", Selector), ("other", "10:05:00", Selector));
        var after = Service("b", ("kubectl-patch", "10:05:00", Selector), ("other", "10:05:00", Selector));

        WatchedKind.ManagerOf(before, after).ShouldBe("kubectl-patch");
    }

    [Fact]
    public void A_new_object_is_its_last_writers()
    {
        WatchedKind.ManagerOf(null, Service("a", ("kubectl-create", "10:00:00", Selector))).ShouldBe("kubectl-create");
        WatchedKind.ManagerOf(null, Service("a")).ShouldBeNull();
    }

    private static JsonObject Service(string app, params (string Manager, string At, string Fields)[] entries) =>
        new()
        {
            ["spec"] = new JsonObject { ["selector"] = new JsonObject { ["app"] = app } },
            ["metadata"] = new JsonObject
            {
                ["managedFields"] = new JsonArray([
                    .. entries.Select(e => new JsonObject
                    {
                        ["manager"] = e.Manager,
                        ["time"] = $"2026-11-29T{e.At}Z",
                        ["fieldsV1"] = JsonNode.Parse(e.Fields),
                    }),
                ]),
            },
        };
}
