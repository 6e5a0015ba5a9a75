using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using CiliumDebugging.Measurement.Reports;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace CiliumDebugging.Lab.Page;

/// <summary>
/// Serves the page on a loopback port: its files, the feed as server-sent events (<c>GET /events</c>), commands (<c>POST /commands</c>), the reports on disk and the run's quantities for Prometheus (<c>GET /metrics</c>). Hosted by the process that runs
/// the scenario, because the verdict, the events and the right to change the cluster are there, and the load test's Pod must do nothing but its load.
/// </summary>
public sealed class PageServer : IAsyncDisposable
{
    /// <summary>The port that is tried first.</summary>
    public const int PreferredPort = 15190;

    private const int MaxCommandBytes = 4096;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);
    private static readonly string[] s_reportFiles =
    [
        ReportFiles.Html,
        ReportFiles.Markdown,
        ReportFiles.Json,
        ReportFiles.JUnit,
    ];

    private readonly WebApplication _app;
    private readonly PageEvents _broadcast;

    private PageServer(WebApplication app, PageEvents broadcast, Uri address, string token) =>
        (_app, _broadcast, Address, Link) = (app, broadcast, address, new Uri($"{address}#{token}"));

    /// <summary>Where the page is, to look at.</summary>
    public Uri Address { get; }

    /// <summary>The page with the token that steers the lab, for the operator's eyes. The fragment is never sent to a server.</summary>
    public Uri Link { get; }

    /// <summary>Pages that are open.</summary>
    public int Pages => _broadcast.Pages;

    /// <summary>Starts the server.</summary>
    /// <param name="feed">What is shown.</param>
    /// <param name="commands">Who carries out commands.</param>
    /// <param name="time">Time source.</param>
    /// <param name="port">The port; null: <see cref="PreferredPort"/>, or a free one when it is taken.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="IOException">The port that was asked for is taken.</exception>
    public static async Task<PageServer> StartAsync(
        LiveState feed,
        IPageCommands commands,
        TimeProvider time,
        int? port,
        CancellationToken cancellationToken
    )
    {
        PageEvents broadcast = new PageEvents(feed, time);
        try
        {
            try
            {
                return await StartOnAsync(port ?? PreferredPort, feed, commands, time, broadcast, cancellationToken);
            }
            catch (IOException e) when (e.InnerException is AddressInUseException && port is null)
            {
                return await StartOnAsync(FreePort(), feed, commands, time, broadcast, cancellationToken);
            }
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await broadcast.DisposeAsync();
            throw new IOException(
                $"the page cannot listen on 127.0.0.1:{port}: something else does; choose another --page-port",
                e
            );
        }
        catch
        {
            await broadcast.DisposeAsync();
            throw;
        }
    }

    private static async Task<PageServer> StartOnAsync(
        int port,
        LiveState feed,
        IPageCommands commands,
        TimeProvider time,
        PageEvents broadcast,
        CancellationToken cancellationToken
    )
    {
        var app = KestrelHost.Build(
            "page",
            new IPEndPoint(IPAddress.Loopback, port),
            MaxCommandBytes,
            PageEvents.MaxPages + 64
        );
        var (token, security) = (PageSecurity.NewToken(), (PageSecurity?)null);
        app.Use(
            (context, next) =>
            {
                PageSecurity.Protect(context.Response);
                if (security!.IsForThisHost(context.Request))
                    return next(context);
                return AnswerAsync(
                    context,
                    StatusCodes.Status421MisdirectedRequest,
                    $"this page answers to 127.0.0.1:{port} and localhost:{port} alone; forward it from the same port"
                );
            }
        );
        security = new PageSecurity(token, port);
        app.MapGet("/events", context => StreamAsync(context, broadcast, time, app.Lifetime.ApplicationStopping));
        app.MapPost("/commands", context => CommandAsync(context, security, commands));
        app.MapGet("/metrics", context => RunMetricsText.AnswerAsync(context, feed));
        app.MapGet("/reports/{run}/{file}", context => ReportAsync(context, feed));
        app.MapGet("/{**path}", FileAsync);
        await KestrelHost.StartAsync(app, cancellationToken);
        return new PageServer(app, broadcast, new Uri($"http://127.0.0.1:{port}/"), token);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task FileAsync(HttpContext context)
    {
        if (!PageFiles.All.TryGetValue(context.Request.Path.Value ?? "/", out var file))
        {
            await AnswerAsync(context, StatusCodes.Status404NotFound, "there is no such file");
            return;
        }
        context.Response.Headers.ETag = file.ETag;
        context.Response.Headers.CacheControl = "no-cache";
        if (context.Request.Headers.IfNoneMatch == file.ETag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        context.Response.ContentType = file.ContentType;
        context.Response.ContentLength = file.Content.Length;
        await context.Response.Body.WriteAsync(file.Content, context.RequestAborted);
    }

    private static async Task StreamAsync(
        HttpContext context,
        PageEvents broadcast,
        TimeProvider time,
        CancellationToken stopping
    )
    {
        if (broadcast.Open() is not { } page)
        {
            await AnswerAsync(
                context,
                StatusCodes.Status503ServiceUnavailable,
                $"{PageEvents.MaxPages} pages are open already"
            );
            return;
        }
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-store";
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            await foreach (var frame in page.Frames.ReadAllAsync(end.Token))
            {
                var written = context.Response.Body.WriteAsync(frame, end.Token);
                // A page that takes nothing for this long is not looked at.
                if (!written.IsCompletedSuccessfully)
                    await written.AsTask().WaitAsync(s_patience, time, end.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException or IOException)
        {
            context.Abort();
        }
        finally
        {
            broadcast.Close(page);
        }
    }

    private static async Task CommandAsync(HttpContext context, PageSecurity security, IPageCommands commands)
    {
        if (security.WhyRefused(context.Request) is { } why)
        {
            await AnswerAsync(context, StatusCodes.Status403Forbidden, why);
            return;
        }
        PageCommand? command;
        try
        {
            command = await JsonSerializer.DeserializeAsync(
                context.Request.Body,
                PageJson.Default.PageCommand,
                context.RequestAborted
            );
        }
        catch (JsonException)
        {
            command = null;
        }
        catch (BadHttpRequestException e)
        {
            await AnswerAsync(context, e.StatusCode, $"a command has at most {MaxCommandBytes} bytes");
            return;
        }
        if (command?.Target is null || !Enum.IsDefined(command.Action))
        {
            await AnswerAsync(
                context,
                StatusCodes.Status400BadRequest,
                """a command is {"action": "apply-policy", "target": "load-test-policy.yaml"}"""
            );
            return;
        }
        try
        {
            await AnswerAsync(
                context,
                StatusCodes.Status200OK,
                await commands.RunAsync(command, context.RequestAborted)
            );
        }
        catch (CommandRefusedException e)
        {
            await AnswerAsync(context, StatusCodes.Status409Conflict, e.Message);
        }
    }

    private static async Task ReportAsync(HttpContext context, LiveState feed)
    {
        // Only what the lab wrote itself and the four names it wrote: nothing of the request becomes a path.
        var (run, wanted) = (
            context.Request.RouteValues["run"] as string,
            context.Request.RouteValues["file"] as string
        );
        var report = feed.Lab.Reports.FirstOrDefault(r => r.Id == run);
        var file = s_reportFiles.FirstOrDefault(f => f == wanted);
        if (report is null || file is null || !File.Exists(Path.Combine(report.Folder, file)))
        {
            await AnswerAsync(context, StatusCodes.Status404NotFound, "there is no such report");
            return;
        }
        if (file == ReportFiles.Html)
            PageSecurity.ProtectReport(context.Response);
        else
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"{report.Id}-{file}\"";
        context.Response.ContentType = Path.GetExtension(file) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".json" => "application/json",
            ".xml" => "application/xml",
            _ => "text/markdown; charset=utf-8",
        };
        await using var content = File.OpenRead(Path.Combine(report.Folder, file));
        await content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static Task AnswerAsync(
        HttpContext context,
        int status,
        string text,
        string contentType = "text/plain; charset=utf-8"
    )
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _broadcast.DisposeAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
