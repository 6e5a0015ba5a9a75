using System.Diagnostics;
using CiliumDebugging.EmbeddedCluster.Api.Access;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

/// <summary>Python's official client (Debian package python3-kubernetes) against the embedded API.</summary>
public sealed class PythonClientTests
{
    private const string Script = """
        import sys, threading
        from kubernetes import client, config, watch
        config.load_kube_config(sys.argv[1])
        core, apps, custom = client.CoreV1Api(), client.AppsV1Api(), client.CustomObjectsApi()
        print("version", client.VersionApi().get_code().major)
        version = core.list_namespaced_config_map("default").metadata.resource_version
        metadata = client.V1ObjectMeta(name="c", labels={"a": "1"})
        core.create_namespaced_config_map("default", client.V1ConfigMap(metadata=metadata, data={"k": "v"}))
        core.patch_namespaced_config_map("c", "default", {"data": {"k": "w"}})
        changes = watch.Watch().stream(
            core.list_namespaced_config_map, "default", resource_version=version, timeout_seconds=90)
        for event in changes:
            print(event["type"], event["object"].data["k"])
            if event["object"].data["k"] == "w":
                break
        selected = core.list_config_map_for_all_namespaces(label_selector="a=1")
        print("selected", [c.metadata.name for c in selected.items])
        labels = {"app": "web"}
        apps.create_namespaced_deployment("default", client.V1Deployment(
            metadata=client.V1ObjectMeta(name="web"),
            spec=client.V1DeploymentSpec(
                replicas=2,
                selector=client.V1LabelSelector(match_labels=labels),
                template=client.V1PodTemplateSpec(
                    metadata=client.V1ObjectMeta(labels=labels),
                    spec=client.V1PodSpec(containers=[client.V1Container(name="c", image="backend")])))))
        apps.patch_namespaced_deployment_scale("web", "default", {"spec": {"replicas": 5}})
        print("replicas", apps.read_namespaced_deployment("web", "default").spec.replicas)
        policy = {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
                  "metadata": {"name": "l7"}, "spec": {"endpointSelector": {}, "ingress": []}}
        custom.create_namespaced_custom_object("cilium.io", "v2", "default", "ciliumnetworkpolicies", policy)
        policies = custom.list_cluster_custom_object("cilium.io", "v2", "ciliumnetworkpolicies")
        print("policies", [p["metadata"]["name"] for p in policies["items"]])
        core.delete_namespaced_config_map("c", "default")
        try:
            core.read_namespaced_config_map("c", "default")
        except client.exceptions.ApiException as e:
            print("gone", e.status)
        """;

    [Fact]
    public async Task The_official_python_client_creates_patches_watches_scales_and_deletes()
    {
        if (FindPython() is not { } python)
        {
            Assert.Skip("no python3 with the kubernetes module (Debian package python3-kubernetes)");
            return;
        }
        await using var api = await ApiFixture.StartAsync();
        var folder = Directory.CreateTempSubdirectory("python-test-").FullName;
        try
        {
            var kubeconfig = Path.Combine(folder, "kubeconfig");
            KubeconfigFile.Write(kubeconfig, api.Server.Address, ApiFixture.Token, ApiFixture.AuthorityPem);
            using var process = Process.Start(
                new ProcessStartInfo(python, ["-c", Script, kubeconfig])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!;
            var (output, error) = (
                process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
                process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)
            );
            await process
                .WaitForExitAsync(TestContext.Current.CancellationToken)
                .WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
            process.ExitCode.ShouldBe(0, await error);
            (await output)
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .ShouldBe([
                    "version 1",
                    "ADDED v",
                    "MODIFIED w",
                    "selected ['c']",
                    "replicas 5",
                    "policies ['l7']",
                    "gone 404",
                ]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string? FindPython()
    {
        foreach (var candidate in (string[])["python3", "/usr/bin/python3"])
        {
            try
            {
                using var process = Process.Start(
                    new ProcessStartInfo(candidate, ["-c", "import kubernetes"]) { RedirectStandardError = true }
                )!;
                process.StandardError.ReadToEnd();
                process.WaitForExit();
                if (process.ExitCode == 0)
                    return candidate;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // Not there.
            }
        }
        return null;
    }
}
