using System.Net.WebSockets;
using System.Text;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Tests.Running.Existing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CiliumDebugging.Lab.Tests.Clusters;

/// <summary>Port-forward and exec as a real API server speaks them.</summary>
public class PodChannelTests
{
    private static readonly TimeSpan s_generous = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_page_of_a_pod_is_read_through_port_forward_and_an_error_keeps_its_words()
    {
        await using var api = await FakeApiServer.StartAsync(app =>
        {
            app.MapGet("/api/v1", c => FakeApiServer.JsonAsync(
                    c,
                    """
                    {"kind":"APIResourceList","resources":[
                     {"name":"pods","kind":"Pod"},{"name":"pods/portforward","kind":"PodPortForwardOptions"}]}
                    """
                ));
            app.MapGet("/api/v1/namespaces/backend/pods/b/portforward", ForwardAsync);
        });
        var forward = new PodPortForward(api.Client);
        (await forward.IsServedAsync(Cancellation)).ShouldBeTrue();
        (await forward.GetAsync("backend", "b", 8080, "/metrics", Cancellation)).ShouldBe("echo_requests 7\n");
        var failure = await Should.ThrowAsync<HttpRequestException>(() =>
            forward.GetAsync("backend", "b", 8080, "/nothing", Cancellation)
        );
        failure.Message.ShouldContain("GET /nothing of pod backend/b port 8080: 404");
    }

    [Fact]
    public async Task What_a_command_writes_to_both_outputs_is_kept_and_one_that_does_not_end_is_ended()
    {
        await using var api = await FakeApiServer.StartAsync(app =>
            app.MapGet("/api/v1/namespaces/kube-system/pods/{pod}/exec", ExecAsync)
        );
        var exec = new PodExec(api.Client, TimeProvider.System);
        var text = await exec.RunAsync(
            "kube-system",
            "quick",
            "cilium-agent",
            ["sh", "-c", "uname -a"],
            s_generous,
            Cancellation
        );
        text.ShouldContain("cilium-agent: sh -c uname -a\n");
        text.ShouldContain("a complaint\n");
        (
            await exec.RunAsync(
                "kube-system",
                "hangs",
                "cilium-agent",
                ["sleep"],
                TimeSpan.FromSeconds(0.3),
                Cancellation
            )
        ).ShouldContain("[ended after");
        (
            await exec.RunAsync("kube-system", "absent", "cilium-agent", ["true"], s_generous, Cancellation)
        ).ShouldContain("[could not be run: ");
    }

    private static async Task ForwardAsync(HttpContext context)
    {
        context.Request.Query["ports"].ToString().ShouldBe("8080");
        using var socket = await FakeApiServer.AcceptAsync(context);
        // Each channel begins with the port, low byte first.
        await FakeApiServer.SendAsync(socket, 0, 0x90, 0x1f);
        await FakeApiServer.SendAsync(socket, 1, 0x90, 0x1f);
        var (request, buffer) = (new StringBuilder(), new byte[4096]);
        while (!request.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await socket.ReceiveAsync(buffer, context.RequestAborted);
            buffer[0].ShouldBe((byte)0, "requests come on the data channel of the port");
            request.Append(Encoding.ASCII.GetString(buffer, 1, read.Count - 1));
        }
        await FakeApiServer.SendAsync(
            socket,
            0,
            request.ToString().StartsWith("GET /metrics ", StringComparison.Ordinal)
                ? "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\necho_requests 7\n"
                : "HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\nnothing"
        );
        await EndAsync(socket, context);
    }

    private static async Task ExecAsync(HttpContext context)
    {
        var pod = context.Request.RouteValues["pod"]!.ToString();
        if (pod == "absent")
        {
            await FakeApiServer.JsonAsync(
                context,
                """{"kind":"Status","message":"pods \"absent\" not found","reason":"NotFound","code":404}""",
                404
            );
            return;
        }
        using var socket = await FakeApiServer.AcceptAsync(context);
        if (pod == "quick")
        {
            var query = context.Request.Query;
            var command = string.Join(' ', query["command"].AsEnumerable());
            await FakeApiServer.SendAsync(socket, 1, $"{query["container"]}: {command}\n");
            await FakeApiServer.SendAsync(socket, 2, "a complaint\n");
            await FakeApiServer.SendAsync(socket, 3, """{"metadata":{},"status":"Success"}""");
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }
        await EndAsync(socket, context);
    }

    /// <summary>Stays until the client goes.</summary>
    private static async Task EndAsync(WebSocket socket, HttpContext context)
    {
        try
        {
            while (
                (await socket.ReceiveAsync(new byte[64], context.RequestAborted)).MessageType
                != WebSocketMessageType.Close
            ) { }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // It went without a word.
        }
    }
}
