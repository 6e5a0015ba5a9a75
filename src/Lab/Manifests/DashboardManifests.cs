using k8s.Models;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>The Aspire dashboard in the cluster, as a receiver of OpenTelemetry. Its page asks for the token that its log shows; nothing reaches it from outside but kubectl port-forward.</summary>
internal static class DashboardManifests
{
    /// <summary>Name of the component. Aspire keeps the name of the objects for a dashboard of its own, which it publishes nothing of.</summary>
    public const string Component = "dashboard";

    /// <summary>Name of its Deployment and Service.</summary>
    public const string Name = "aspire-dashboard";

    /// <summary>Its image.</summary>
    public const string Image = "mcr.microsoft.com/dotnet/aspire-dashboard:13.4";

    /// <summary>The port of its page.</summary>
    public const int PagePort = 18888;

    private const int OtlpPort = 18889;

    /// <summary>Its namespace.</summary>
    public const string Namespace = "cilium-debugging";

    /// <summary>The objects.</summary>
    public static IEnumerable<Manifest> Render()
    {
        var labels = new Dictionary<string, string> { ["app"] = Name };
        yield return Manifest.Of(PodParts.Namespace(Namespace));
        yield return Manifest.Of(PodParts.Service(Namespace, Name, labels, ("http", PagePort), ("otlp", OtlpPort)));
        yield return Manifest.Of(
            PodParts.Deployment(
                Namespace,
                Name,
                1,
                labels,
                PodParts.Spec(
                    new V1Container
                    {
                        Name = Name,
                        Image = Image,
                        Env =
                        [
                            PodParts.Variable("ASPNETCORE_URLS", $"http://+:{PagePort}"),
                            PodParts.Variable("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", $"http://+:{OtlpPort}"),
                            PodParts.Variable("Dashboard__Otlp__AuthMode", "Unsecured"),
                        ],
                        Ports =
                        [
                            new V1ContainerPort
                            {
                                Name = "http",
                                ContainerPort = PagePort,
                                Protocol = "TCP",
                            },
                            new V1ContainerPort
                            {
                                Name = "otlp",
                                ContainerPort = OtlpPort,
                                Protocol = "TCP",
                            },
                        ],
                        Resources = PodParts.Resources("50m", "128Mi", "1", "512Mi"),
                    }
                )
            )
        );
    }

    /// <summary>The variables that make a service send its telemetry there.</summary>
    public static IEnumerable<V1EnvVar> Telemetry(string service) =>
        [
            PodParts.Variable("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{Name}.{Namespace}:{OtlpPort}"),
            PodParts.Variable("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            PodParts.Variable("OTEL_SERVICE_NAME", service),
        ];
}
