using k8s.Models;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>
/// The Aspire dashboard in the cluster, as a receiver of OpenTelemetry. Its page requires the token in its log, and is
/// reached only by kubectl port-forward.
/// </summary>
internal static class DashboardManifests
{
    /// <summary>Name of the component; Aspire reserves <see cref="Name"/> for a dashboard of its own.</summary>
    public const string Component = "dashboard";

    /// <summary>Name of the Deployment and the Service.</summary>
    public const string Name = "aspire-dashboard";

    public const string Image = "mcr.microsoft.com/dotnet/aspire-dashboard:13.4";

    public const int PagePort = 18888;

    private const int OtlpPort = 18889;

    public const string Namespace = "cilium-debugging";

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
                        Ports = [PodParts.Port("http", PagePort), PodParts.Port("otlp", OtlpPort)],
                        Resources = PodParts.Resources("50m", "128Mi", "1", "512Mi"),
                    }
                )
            )
        );
    }

    /// <summary>The variables of a service that sends its telemetry to the dashboard.</summary>
    public static IEnumerable<V1EnvVar> Telemetry(string service) =>
        [
            PodParts.Variable("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{Name}.{Namespace}:{OtlpPort}"),
            PodParts.Variable("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            PodParts.Variable("OTEL_SERVICE_NAME", service),
        ];
}
