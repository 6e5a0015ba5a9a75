using System.Globalization;
using System.Text;
using System.Text.Json;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Pod;

/// <summary>The load-test Pod's control interface. It is not a container port: only the API server's pod proxy reaches
/// it, with the cluster's credentials. <c>POST /attack</c> starts, <c>GET /attack/records</c> streams one JSON record a
/// line in the order of completion, <c>POST /attack/stop</c> drains, <c>GET /attack</c> tells the state.</summary>
public static class AttackEndpoints
{
    private static readonly TimeSpan s_flushInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Maps the endpoints.</summary>
    public static void MapAttack(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var attacks = app.Services.GetRequiredService<AttackSlot>();
        app.MapPost("/attack", async (HttpContext context) =>
        {
            AttackOrder? order;
            try
            {
                // Whatever the content type: kubectl create --raw sends none.
                order = await JsonSerializer.DeserializeAsync(
                    context.Request.Body,
                    PodJson.Default.AttackOrder,
                    context.RequestAborted
                );
                if (order is null)
                    throw new AttackRefusedException("the order is empty");
                await attacks.StartAsync(order, context.RequestAborted);
            }
            catch (Exception e) when (e is JsonException or AttackRefusedException)
            {
                context.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                await context.Response.WriteAsync(e.Message, context.RequestAborted);
                return;
            }
            await WriteStateAsync(context, attacks);
        });
        app.MapGet("/attack", (HttpContext context) => WriteStateAsync(context, attacks));
        app.MapPost("/attack/stop", async (HttpContext context) =>
        {
            await attacks.StopAsync();
            await WriteStateAsync(context, attacks);
        });
        app.MapGet("/attack/records", (HttpContext context) =>
            StreamAsync(
                context,
                attacks,
                app.Services.GetRequiredService<TimeProvider>(),
                app.Lifetime.ApplicationStopping
            )
        );
    }

    private static async Task WriteStateAsync(HttpContext context, AttackSlot attacks)
    {
        if (attacks.State is { } state)
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(
                JsonSerializer.Serialize(state, PodJson.Default.AttackState),
                context.RequestAborted
            );
            return;
        }
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        await context.Response.WriteAsync("no attack has been started: POST /attack first", context.RequestAborted);
    }

    private static async Task StreamAsync(
        HttpContext context,
        AttackSlot attacks,
        TimeProvider time,
        CancellationToken stopping
    )
    {
        if (attacks.Log is not { } log)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        context.Response.ContentType = "application/x-ndjson";
        using var reading = attacks.Follow();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        // A reader whose connection broke off goes on where it was.
        var from = long.TryParse(
            context.Request.Query["from"],
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var n
        );
        var (position, batch, text) = (from ? n : 0, new List<RequestRecord>(), new StringBuilder());
        try
        {
            await context.Response.StartAsync(either.Token);
            while (log.Read(ref position, batch, out var missed, out var more))
            {
                if (missed > 0)
                    text.Append($$"""{"missed":{{missed}}}""").Append('\n');
                foreach (var record in batch)
                    text.Append(JsonSerializer.Serialize(ToLine(record), PodJson.Default.RecordLine)).Append('\n');
                if (text.Length > 0)
                    await context.Response.WriteAsync(text.ToString(), either.Token);
                text.Clear();
                batch.Clear();
                await more.WaitAsync(either.Token);
                // Records are written in batches, because each write wakes three processes on its way.
                await Task.Delay(s_flushInterval, time, either.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The reader left or the Pod ends.
        }
    }

    private static RecordLine ToLine(in RequestRecord record) =>
        new()
        {
            Seq = record.Sequence,
            Due = record.IntendedStart.TotalSeconds,
            Start = record.Start.TotalSeconds,
            End = record.End.TotalSeconds,
            Port = record.SourcePort,
            Conn = record.Connection,
            Nth = record.RequestOnConnection,
            Outcome = record.Outcome,
            Status = record.Status,
            Pod = record.Pod,
            Node = record.Node,
            Bytes = record.BytesReceived,
            Errno = record.Errno,
        };
}
