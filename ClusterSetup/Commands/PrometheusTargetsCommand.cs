using System.CommandLine;
using System.CommandLine.Parsing;
using CiliumDebugging.ClusterSetup.Monitoring;
using CiliumDebugging.ServiceDefaults.Pods;
using k8s;
using k8s.Autorest;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary><c>prometheus-targets</c>: keeps a target file for Prometheus up to date with a cluster's Pods (<see cref="PrometheusTargets"/>).</summary>
public static class PrometheusTargetsCommand
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    /// <summary>Builds the command.</summary>
    public static Command Build()
    {
        var api = new Option<Uri?>("--api") { Description = "URL of the Kubernetes API, for example http://127.0.0.1:46443.", Required = true, CustomParser = ParseUrl };
        var output = new Option<string>("--output") { Description = "The file to write.", DefaultValueFactory = _ => "targets.json" };
        var follow = new Option<bool>("--follow") { Description = "Keep the file up to date, until stopped." };
        var command = new Command("prometheus-targets", $"Write a cluster's Pods as a target file of Prometheus (token from {PodEnvironment.ApiToken}).") { api, output, follow };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetRequiredValue(api)!, parsed.GetRequiredValue(output), parsed.GetValue(follow), cancellationToken));
        return command;
    }

    private static Uri? ParseUrl(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https") return url;
        argument.AddError($"--api '{text}' is no http or https URL, for example http://127.0.0.1:46443");
        return null;
    }

    private static async Task<int> RunAsync(Uri api, string output, bool follow, CancellationToken cancellationToken)
    {
        var token = Environment.GetEnvironmentVariable(PodEnvironment.ApiToken);
        using var cluster = new Kubernetes(new KubernetesClientConfiguration { Host = api.ToString().TrimEnd('/'), AccessToken = token });
        try
        {
            var written = "";
            do
            {
                var targets = await PrometheusTargets.ReadAsync(cluster, cancellationToken);
                if (targets != written) await WriteAsync(output, written = targets, cancellationToken);
                if (follow) await Task.Delay(s_interval, TimeProvider.System, cancellationToken);
            }
            while (follow);
            return 0;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 130;
        }
        catch (HttpOperationException e)
        {
            await Console.Error.WriteLineAsync($"{api} refused to list the pods: {(int)e.Response.StatusCode} (the token is read from {PodEnvironment.ApiToken})");
            return 1;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"the targets of {api} cannot be written to {output}: {e.Message}");
            return 1;
        }
    }

    /// <summary>Writes the file whole: Prometheus reads it whenever it changes.</summary>
    private static async Task WriteAsync(string path, string text, CancellationToken cancellationToken)
    {
        var temporary = path + ".tmp";
        await File.WriteAllTextAsync(temporary, text, cancellationToken);
        File.Move(temporary, path, overwrite: true);
    }
}
