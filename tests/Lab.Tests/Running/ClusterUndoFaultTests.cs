using System.Net;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>Whatever the API answers meanwhile, everything is put back or printed as a command.</summary>
public sealed class ClusterUndoFaultTests : IAsyncLifetime
{
    private static readonly Scenario s_scenario = ScenarioCatalog.Load("session-affinity");

    private ApiFixture _api = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;
    private static ServiceStep Sticky => new("ClientIP", 60, null, null);
    private static ObjectReference Service => ChangedObjects.ServiceOf(s_scenario.Load);
    private ObjectClient Objects => new(_api.Client);

    public async ValueTask InitializeAsync()
    {
        _api = await ApiFixture.StartAsync();
        await _api.Client.CoreV1.CreateNamespaceAsync(
            new V1Namespace { Metadata = new V1ObjectMeta { Name = "backend" } },
            cancellationToken: Cancellation
        );
        await _api.Client.CoreV1.CreateNamespacedServiceAsync(
            new V1Service
            {
                Metadata = new V1ObjectMeta { Name = "backend-1" },
                Spec = new V1ServiceSpec { Ports = [new V1ServicePort { Name = "http", Port = 8080 }] },
            },
            "backend",
            cancellationToken: Cancellation
        );
        await _api.Client.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "cilium-config" } },
            "kube-system",
            cancellationToken: Cancellation
        );
    }

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Theory]
    [InlineData(HttpStatusCode.OK, "<html>a gateway</html>")]
    [InlineData(HttpStatusCode.OK, """{"kind": "Service", "meta""")]
    [InlineData(HttpStatusCode.OK, "")]
    [InlineData(HttpStatusCode.OK, "null")]
    [InlineData(HttpStatusCode.GatewayTimeout, "<html>")]
    [InlineData(HttpStatusCode.TooManyRequests, "{}")]
    public async Task An_odd_answer_is_an_outage_and_not_the_end(HttpStatusCode status, string content)
    {
        var (client, api) = ApiSwitch.For(_api);
        using var _ = client;
        var undo = new ClusterUndo(client);
        await undo.RememberAsync(Service, Cancellation);
        await undo.RememberAsync(ChangedObjects.CiliumConfig(), Cancellation);
        await ChangeServiceAsync();
        var odd = 2;
        api.Instead = (_, path) =>
            path.EndsWith("/backend-1", StringComparison.Ordinal) && odd-- > 0 ? (status, content) : null;

        (await undo.RestoreAsync(TimeProvider.System, Cancellation)).ShouldBeEmpty();
        ((string?)(await Objects.ReadAsync(Service, Cancellation))!["spec"]!["sessionAffinity"]).ShouldBe("None");
    }

    [Fact]
    public async Task What_stays_odd_is_a_command_with_its_reason_and_the_rest_is_put_back()
    {
        var (client, api) = ApiSwitch.For(_api);
        using var _ = client;
        var undo = new ClusterUndo(client);
        await undo.RememberAsync(Service, Cancellation);
        await undo.RememberAsync(ChangedObjects.CiliumConfig(), Cancellation);
        await ChangeServiceAsync();
        api.Instead = (_, path) =>
            path.EndsWith("/cilium-config", StringComparison.Ordinal)
                ? (HttpStatusCode.Unauthorized, """{"message": "token expired"}""")
                : null;
        var left = (await undo.RestoreAsync(TimeProvider.System, Cancellation)).ShouldHaveSingleItem();
        left.Reason.ShouldBe(
            "the cluster refused GET /api/v1/namespaces/kube-system/configmaps/cilium-config: 401 token expired"
        );
        ((string?)(await Objects.ReadAsync(Service, Cancellation))!["spec"]!["sessionAffinity"]).ShouldBe("None");

        await undo.RememberAsync(Service, Cancellation);
        api.Instead = (_, _) => (HttpStatusCode.OK, "<html>");
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        left = (await undo.RestoreAsync(TimeProvider.System, limit.Token)).ShouldHaveSingleItem();
        left.Reason.ShouldContain("answered GET /api/v1/namespaces/backend/services/backend-1 with HTML");
        left.Command.ShouldMatch(@"^kubectl replace -f - <<'EOF'\n\{[^\n]*\}\nEOF$");
    }

    private Task ChangeServiceAsync() =>
        new ClusterChanges(_api.Client).PatchServiceAsync(s_scenario.Load, ClusterChanges.SpecOf(Sticky), Cancellation);
}
