using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;

namespace CiliumDebugging.EmbeddedCluster.Api.Access;

/// <summary>The file that points kubectl and every other client at the server.</summary>
public static class KubeconfigFile
{
    private const string DefaultName = "cilium-debugging";

    /// <summary>Writes a kubeconfig readable by its owner only. Readers see the old file or the new one, never a part.</summary>
    /// <param name="path">Where; the folder must exist.</param>
    /// <param name="server">Address of the API server.</param>
    /// <param name="token">Bearer token.</param>
    /// <param name="authorityPem">The authority to trust, PEM; null for plain HTTP.</param>
    /// <param name="name">Name of the cluster, user and context in it.</param>
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
            cluster["certificate-authority-data"] = Convert.ToBase64String(
                System.Text.Encoding.ASCII.GetBytes(authorityPem)
            );

        // JSON is YAML: no quoting rules of YAML to get wrong.
        var config = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Config",
            ["current-context"] = name,
            ["clusters"] = new JsonArray(new JsonObject { ["name"] = name, ["cluster"] = cluster }),
            ["users"] = new JsonArray(
                new JsonObject
                {
                    ["name"] = name,
                    ["user"] = new JsonObject { ["token"] = token },
                }
            ),
            ["contexts"] = new JsonArray(
                new JsonObject
                {
                    ["name"] = name,
                    ["context"] = new JsonObject { ["cluster"] = name, ["user"] = name },
                }
            ),
        };
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

    /// <summary>Whether a file is a kubeconfig of this lab, which may be replaced without asking.</summary>
    public static bool IsOfLab(string path) =>
        File.ReadAllText(path).Contains($"\"current-context\": \"{DefaultName}\"", StringComparison.Ordinal);
}
