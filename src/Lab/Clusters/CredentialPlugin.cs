using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using k8s.Authentication;
using k8s.Exceptions;
using k8s.KubeConfigModels;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// The program of a kubeconfig's user that prints credentials (<c>exec</c>), run as kubectl does it: KubernetesClient
/// joins its arguments to one line, which loses their quotes, and waits for it for minutes.
/// </summary>
/// <param name="plugin">The program.</param>
/// <param name="of">The file and the user, for messages.</param>
/// <param name="time">Time source of what expires.</param>
internal sealed class CredentialPlugin(ExternalExecution plugin, string of, TimeProvider time) : ITokenProvider
{
    /// <summary>How long it may take: 10 s.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private ExecCredentialStatus? _last;

    /// <summary>Its token: the last one, or a new one when that has expired.</summary>
    /// <exception cref="KubeConfigException">It gives none.</exception>
    public Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var status = _last is { } last && !last.HasExpired(time.GetUtcNow()) ? last : Run();
            return Task.FromResult(new AuthenticationHeaderValue("Bearer", status.Token));
        }
    }

    /// <summary>Runs it.</summary>
    /// <exception cref="KubeconfigException">It gives no credentials; the message says why.</exception>
    public ExecCredentialStatus Run()
    {
        using var process = new Process { StartInfo = StartInfo() };
        try
        {
            process.Start();
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            throw Failure($"cannot be started: {e.Message}; install it, or log in otherwise");
        }
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        // What it has started may keep its output open.
        if (!process.WaitForExit(Limit) || !Task.WaitAll([output, errors], Limit))
        {
            process.Kill(entireProcessTree: true);
            throw Failure($"did not end within {Limit.TotalSeconds:0} s; run it yourself to see what it waits for");
        }
        var said = Kubeconfig.OneLine(errors.Result) is { Length: > 0 } text ? text : "(nothing on standard error)";
        if (process.ExitCode != 0)
            throw Failure($"ended with exit code {process.ExitCode}: {said}");
        return _last = Status(output.Result);
    }

    private ProcessStartInfo StartInfo()
    {
        var start = new ProcessStartInfo(plugin.Command ?? "")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in plugin.Arguments ?? [])
            start.ArgumentList.Add(argument);
        foreach (var variable in plugin.EnvironmentVariables ?? [])
            if (variable.TryGetValue("name", out var name) && variable.TryGetValue("value", out var value))
                start.Environment[name] = value;
        start.Environment["KUBERNETES_EXEC_INFO"] = JsonSerializer.Serialize(
            new
            {
                apiVersion = plugin.ApiVersion,
                kind = "ExecCredential",
                spec = new { interactive = false },
            }
        );
        return start;
    }

    private ExecCredentialStatus Status(string output)
    {
        try
        {
            using var json = JsonDocument.Parse(output);
            var status = json.RootElement.GetProperty("status");
            var read = new ExecCredentialStatus(
                Text(status, "token"),
                Text(status, "clientCertificateData"),
                Text(status, "clientKeyData"),
                Text(status, "expirationTimestamp") is { } expires
                    ? DateTimeOffset.Parse(expires, CultureInfo.InvariantCulture)
                    : null
            );
            return read.Token is not null || read is { ClientCertificateData: not null, ClientKeyData: not null }
                ? read
                : throw Failure("printed an ExecCredential without a token or a certificate with its key");
        }
        // Its output is not shown: it may be a secret.
        catch (Exception e)
            when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Failure($"printed no ExecCredential (JSON) on standard output: {Kubeconfig.OneLine(e.Message)}");
        }
    }

    private static string? Text(JsonElement status, string field) =>
        status.TryGetProperty(field, out var value) ? value.GetString() : null;

    private KubeconfigException Failure(string what) => new($"{of}: the credential plugin '{plugin.Command}' {what}");
}

/// <summary>The credentials that a plugin printed.</summary>
/// <param name="Token">A bearer token; null for none.</param>
/// <param name="ClientCertificateData">A certificate, PEM.</param>
/// <param name="ClientKeyData">Its key, PEM.</param>
/// <param name="Expires">When they expire; null: never.</param>
internal sealed record ExecCredentialStatus(
    string? Token,
    string? ClientCertificateData,
    string? ClientKeyData,
    DateTimeOffset? Expires
)
{
    public bool HasExpired(DateTimeOffset now) => Expires is { } end && now >= end;
}
