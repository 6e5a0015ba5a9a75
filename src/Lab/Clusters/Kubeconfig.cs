using System.Text;
using CiliumDebugging.ServiceDefaults.Files;
using CiliumDebugging.ServiceDefaults.Processes;
using k8s;
using k8s.KubeConfigModels;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// Reads kubeconfigs. What kubectl would say of one that cannot be used is said here, with names of the file, the
/// context, the cluster and the user: KubernetesClient throws whatever it stumbles over.
/// </summary>
public sealed class Kubeconfig
{
    /// <summary>Of a kubeconfig, and of each file that it names: hundreds of clusters with their certificates.</summary>
    private const int MaxBytes = 4 << 20;

    private readonly string _files;
    private readonly K8SConfiguration _content;

    private Kubeconfig(string files, K8SConfiguration content) => (_files, _content) = (files, content);

    /// <summary>How the cluster of a context is reached. Runs the user's credential plugin, if there is one.</summary>
    /// <param name="file">The kubeconfig; null: the files of $KUBECONFIG merged as kubectl does it, or
    /// ~/.kube/config.</param>
    /// <param name="context">The context; null: the current one.</param>
    /// <exception cref="KubeconfigException">It cannot be used.</exception>
    public static KubernetesClientConfiguration Read(string? file, string? context = null) =>
        Merged(file).Configuration(context);

    private static Kubeconfig Merged(string? file)
    {
        var variable = Environment.GetEnvironmentVariable("KUBECONFIG") ?? "";
        string[] files = variable.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (file is not null)
            files = [file];
        else if (files.Length == 0)
            files = [KubernetesClientConfiguration.KubeConfigDefaultLocation];
        var names = string.Join(", ", files);
        if (Array.Find(files, Directory.Exists) is { } folder)
            throw new KubeconfigException($"{folder}: this is a folder; expected a kubeconfig");
        // As kubectl does: a file that does not exist is left out, and of two entries of one name the first counts.
        var loaded = files.Where(File.Exists).Select(Load).ToList();
        if (loaded.Count == 0)
            throw new KubeconfigException(
                file is null
                    ? $"there is no kubeconfig: {names} does not exist; give --kubeconfig FILE or set KUBECONFIG"
                    : $"--kubeconfig {file}: there is no such file"
            );
        var merged = loaded[0];
        merged.CurrentContext = loaded.Find(c => !string.IsNullOrEmpty(c.CurrentContext))?.CurrentContext;
        merged.Contexts = [.. loaded.SelectMany(c => Named(c.Contexts, e => e.Name)).DistinctBy(c => c.Name)];
        merged.Clusters = [.. loaded.SelectMany(c => Named(c.Clusters, e => e.Name)).DistinctBy(c => c.Name)];
        merged.Users = [.. loaded.SelectMany(c => Named(c.Users, e => e.Name)).DistinctBy(u => u.Name)];
        return new Kubeconfig(names, merged);
    }

    /// <summary>The entries of a list that may be null, and may have nulls in it.</summary>
    private static IEnumerable<T> Named<T>(IEnumerable<T?>? entries, Func<T, string?> name)
        where T : class => (entries ?? []).OfType<T>().Where(e => name(e) is not null);

    private static K8SConfiguration Load(string file)
    {
        try
        {
            var text = RegularFile.ReadTextOrPipe(file, MaxBytes);
            var content = KubernetesYaml.Deserialize<K8SConfiguration>(text)
                ?? throw new KubeconfigException($"{file}: the file is empty; expected a kubeconfig");
            RefuseProxies(file, text);
            // Relative paths in it start from its folder.
            content.FileName = Path.GetFullPath(file);
            return content;
        }
        catch (YamlException e)
        {
            // What YamlDotNet says of a list or a text where fields are expected names the types of KubernetesClient.
            var cause = e.Message.Contains("deserializ", StringComparison.Ordinal)
                ? "expected fields, as clusters, users and contexts"
                : e.InnerException?.Message ?? e.Message;
            throw new KubeconfigException($"{file}: line {e.Start.Line}: this is not a kubeconfig: {OneLine(cause)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubeconfigException($"{file}: cannot be read: {e.Message}");
        }
    }

    /// <summary>KubernetesClient ignores <c>proxy-url</c>, and requests would go past the proxy.</summary>
    private static void RefuseProxies(string file, string text)
    {
        var root = new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(text);
        foreach (
            var entry in (root.GetValueOrDefault("clusters") as List<object> ?? []).OfType<Dictionary<object, object>>()
        )
            if (
                entry.GetValueOrDefault("cluster") is Dictionary<object, object> cluster
                && cluster.GetValueOrDefault("proxy-url") is string { Length: > 0 }
            )
                throw new KubeconfigException(
                    $"{file}: cluster '{entry.GetValueOrDefault("name")}' has a proxy-url, which is not supported; "
                        + "remove it, and set HTTPS_PROXY"
                );
    }

    private KubernetesClientConfiguration Configuration(string? name)
    {
        name ??= _content.CurrentContext;
        var known = string.Join(", ", _content.Contexts.Select(c => c.Name));
        var contexts = known.Length == 0 ? "it has no context" : $"its contexts: {known}";
        if (string.IsNullOrEmpty(name))
            throw Unusable($"it has no current context; give --context NAME ({contexts})");
        var context = _content.Contexts.FirstOrDefault(c => IsSame(c.Name, name))
            ?? throw Unusable($"there is no context '{name}'; {contexts}");
        var (clusterName, userName) = (context.ContextDetails?.Cluster, context.ContextDetails?.User);
        if (string.IsNullOrEmpty(clusterName))
            throw Unusable($"context '{name}' names no cluster");
        var cluster = _content.Clusters.FirstOrDefault(c => IsSame(c.Name, clusterName))?.ClusterEndpoint
            ?? throw Unusable($"context '{name}': there is no cluster '{clusterName}'");
        if (string.IsNullOrWhiteSpace(cluster.Server))
            throw Unusable($"context '{name}': cluster '{clusterName}' has no server");
        if (
            !Uri.TryCreate(cluster.Server, UriKind.Absolute, out var server)
            || !server.Scheme.StartsWith("http", StringComparison.Ordinal)
        )
            throw Unusable($"context '{name}': server '{cluster.Server}' of cluster '{clusterName}' is not a URL");
        var user = _content.Users.FirstOrDefault(u => IsSame(u.Name, userName ?? ""))?.UserCredentials;
        if (user is null && !string.IsNullOrWhiteSpace(userName))
            throw Unusable($"context '{name}': there is no user '{userName}', or it has no credentials");
        // KubernetesClient reads them whole, whatever they are.
        CheckFiles(
            $"context '{name}': cluster '{clusterName}' or user '{userName}' cannot be used",
            [cluster.CertificateAuthority, user?.ClientCertificate, user?.ClientKey]
        );
        var plugin = user is null ? null : Plugin(user, $"{_files}: user '{userName}'");
        var built = Using($"context '{name}': cluster '{clusterName}' or user '{userName}' cannot be used", () =>
            KubernetesClientConfiguration.BuildConfigFromConfigObject(_content, name)
        );
        if (built.SslCaCerts is { Count: 0 })
            throw Unusable(
                $"context '{name}': the certificate authority of cluster '{clusterName}' has no certificate"
            );
        if (user is { Token: not null } && plugin is not null)
            built.TokenProvider = plugin;
        if ((user?.Token ?? built.AccessToken)?.Any(char.IsControl) == true)
            throw Unusable(
                $"context '{name}': the token of user '{userName}' has a line break or another control character in it"
            );
        // It reads the certificate and the key of a client.
        Using($"context '{name}': the client certificate or key of user '{userName}' cannot be used", () =>
                new Kubernetes(built)
            )
            .Dispose();
        return built;
    }

    /// <exception cref="KubeconfigException">One is there, and is not a regular file of limited size.</exception>
    private void CheckFiles(string what, IEnumerable<string?> files)
    {
        var folder = Path.GetDirectoryName(_content.FileName) ?? "";
        foreach (var file in files.OfType<string>().Select(f => Path.Combine(folder, f)).Where(File.Exists))
            Using(what, () => RegularFile.ReadBytes(file, MaxBytes));
    }

    /// <summary>Puts what a credential plugin says in its place, so that KubernetesClient does not run it.</summary>
    private static CredentialPlugin? Plugin(UserCredentials user, string of)
    {
        if (user.ExternalExecution is not { } command)
            return null;
        var plugin = new CredentialPlugin(command, of, TimeProvider.System);
        var status = plugin.Run();
        user.ExternalExecution = null;
        user.Token = status.Token;
        (user.ClientCertificateData, user.ClientKeyData) = (
            Base64(status.ClientCertificateData),
            Base64(status.ClientKeyData)
        );
        return plugin;
    }

    private static string? Base64(string? pem) =>
        pem is null ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes(pem));

    private T Using<T>(string what, Func<T> make)
    {
        try
        {
            return make();
        }
        // It reads keys, certificates and files: what it throws says what is wrong with them, whatever its type.
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw Unusable($"{what}: {OneLine(e.Cause())}");
        }
    }

    private KubeconfigException Unusable(string problem) => new($"{_files}: {problem}");

    /// <summary>A quotation in one short line, without secrets.</summary>
    internal static string OneLine(string text) => TerminalText.OneLine(Secrets.Hide(text), MaxQuoted);

    private const int MaxQuoted = 300;

    private static bool IsSame(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);
}
