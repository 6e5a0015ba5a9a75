using System.Text;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.ServiceDefaults.Files;

namespace CiliumDebugging.EmbeddedCluster.Api.Access;

/// <summary>The file that points kubectl and every other client at the server.</summary>
public static class KubeconfigFile
{
    private const string DefaultName = "cilium-debugging";
    private const int MaxBytes = 4 << 20;

    /// <summary>
    /// Writes a kubeconfig, readable by its owner only, into a folder that exists. Readers see the old file or the new
    /// one, never a part. The name is that of its cluster, user and context.
    /// </summary>
    public static void Write(
        string path,
        Uri server,
        string token,
        string? authorityPem = null,
        string name = DefaultName
    )
    {
        var cluster = new JsonObject { ["server"] = server.ToString().TrimEnd('/') };
        if (authorityPem is not null)
            cluster["certificate-authority-data"] = Convert.ToBase64String(Encoding.ASCII.GetBytes(authorityPem));

        // JSON is YAML, without quoting rules that could be broken.
        var config = Json.Object(
            ("apiVersion", "v1"),
            ("kind", "Config"),
            ("current-context", name),
            ("clusters", Named("cluster", cluster)),
            ("users", Named("user", new JsonObject { ["token"] = token })),
            ("contexts", Named("context", new JsonObject { ["cluster"] = name, ["user"] = name }))
        );
        JsonArray Named(string member, JsonObject value) => new(new JsonObject { ["name"] = name, [member] = value });

        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using (var writer = new StreamWriter(temporary, options))
                writer.WriteLine(config.ToJsonString(new(JsonTree.Compact) { WriteIndented = true }));
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Whether a file is a kubeconfig of this lab, which may be replaced without a question.</summary>
    /// <exception cref="IOException">It cannot be read, is not a regular file, or is larger than 4 MiB.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static bool IsOfLab(string path) =>
        RegularFile
            .ReadText(path, MaxBytes)
            .Contains($"\"current-context\": \"{DefaultName}\"", StringComparison.Ordinal);
}
