using System.Text.Json;
using CiliumDebugging.Measurement.Reports;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.FileProviders;

namespace CiliumDebugging.Lab.Page;

/// <summary>The endpoints of <see cref="PageServer"/>.</summary>
internal sealed class PageEndpoints(LiveState live, IPageCommands commands, PageEvents events, TimeProvider time)
{
    public const int MaxCommandBytes = 4096;

    /// <summary>A page that accepts nothing for this long is disconnected.</summary>
    private static readonly TimeSpan s_maxWrite = TimeSpan.FromSeconds(15);

    /// <summary>The files of a report, with their media types.</summary>
    private static readonly Dictionary<string, string> s_reportFiles = new(StringComparer.Ordinal)
    {
        [ReportFiles.Html] = "text/html; charset=utf-8",
        [ReportFiles.Markdown] = "text/markdown; charset=utf-8",
        [ReportFiles.Json] = "application/json",
        [ReportFiles.JUnit] = "application/xml",
    };

    public void Map(WebApplication app, PageSecurity security)
    {
        app.Use(
            (context, next) =>
            {
                PageSecurity.Protect(context.Response);
                return security.IsForThisHost(context.Request)
                    ? next(context)
                    : AnswerAsync(
                        context,
                        StatusCodes.Status421MisdirectedRequest,
                        "this page is served as 127.0.0.1 and localhost only; forward it from the same port"
                    );
            }
        );
        // Static files are not served once routing has found an endpoint.
        app.UseFileServer(
            new FileServerOptions
            {
                FileProvider = new EmbeddedFileProvider(
                    typeof(PageEndpoints).Assembly,
                    $"{typeof(PageEndpoints).Namespace}.wwwroot"
                ),
                StaticFileOptions = { OnPrepareResponse = f => f.Context.Response.Headers.CacheControl = "no-cache" },
            }
        );
        app.UseRouting();
        app.MapGet("/events", context => StreamAsync(context, security, app.Lifetime.ApplicationStopping));
        app.MapPost("/commands", context => CommandAsync(context, security));
        app.MapGet("/metrics", context => RunMetricsText.AnswerAsync(context, live));
        app.MapGet("/reports/{run}/{file}", ReportAsync);
    }

    private async Task StreamAsync(HttpContext context, PageSecurity security, CancellationToken stopping)
    {
        if (events.Open(security.HasToken(context.Request)) is not { } page)
        {
            var full = $"{PageEvents.MaxPages} pages are open already, or all that need no token";
            await AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, full);
            return;
        }
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-store";
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            await foreach (var bytes in page.Events.ReadAllAsync(end.Token))
            {
                var written = context.Response.Body.WriteAsync(bytes, end.Token);
                if (!written.IsCompletedSuccessfully)
                    await written.AsTask().WaitAsync(s_maxWrite, time, end.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException or IOException)
        {
            context.Abort();
        }
        finally
        {
            events.Close(page);
        }
    }

    private async Task CommandAsync(HttpContext context, PageSecurity security)
    {
        if (security.WhyRefused(context.Request) is { } why)
        {
            await AnswerAsync(context, StatusCodes.Status403Forbidden, why);
            return;
        }
        try
        {
            if (await ReadAsync(context) is { Target: not null } command && Enum.IsDefined(command.Action))
            {
                var done = await commands.RunAsync(command, context.RequestAborted);
                await AnswerAsync(context, StatusCodes.Status200OK, done);
                return;
            }
            const string Example = """a command is {"action": "apply-policy", "target": "load-test-policy.yaml"}""";
            await AnswerAsync(context, StatusCodes.Status400BadRequest, Example);
        }
        catch (BadHttpRequestException e)
        {
            await AnswerAsync(context, e.StatusCode, $"a command has at most {MaxCommandBytes} bytes");
        }
        catch (CommandRefusedException e)
        {
            await AnswerAsync(context, StatusCodes.Status409Conflict, e.Message);
        }
    }

    private static async Task<PageCommand?> ReadAsync(HttpContext context)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(
                context.Request.Body,
                PageJson.Default.PageCommand,
                context.RequestAborted
            );
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task ReportAsync(HttpContext context)
    {
        // Only known reports and the four names of their files: nothing of the request becomes a path.
        var run = context.Request.RouteValues["run"] as string;
        var file = context.Request.RouteValues["file"] as string ?? "";
        var path =
            live.Lab.Reports.FirstOrDefault(r => r.Id == run) is { } report && s_reportFiles.ContainsKey(file)
                ? Path.Combine(report.Folder, file)
                : null;
        if (!File.Exists(path))
        {
            await AnswerAsync(context, StatusCodes.Status404NotFound, "there is no such report");
            return;
        }
        if (file == ReportFiles.Html)
            PageSecurity.ProtectReport(context.Response);
        else
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"{run}-{file}\"";
        context.Response.ContentType = s_reportFiles[file];
        await context.Response.SendFileAsync(path, context.RequestAborted);
    }

    private static Task AnswerAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
