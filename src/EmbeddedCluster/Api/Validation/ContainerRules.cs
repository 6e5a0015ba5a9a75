using System.Globalization;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Validation;

/// <summary>What must hold for a container (kubernetes, pkg/apis/core/validation).</summary>
internal static class ContainerRules
{
    private const string OneHandler = "must specify a handler type";

    private static readonly string[] s_handlers = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];
    private static readonly string[] s_sources = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef"];
    private static readonly string[] s_keySources = ["configMapKeyRef", "secretKeyRef"];
    private static readonly string[] s_hooks = ["postStart", "preStop"];
    private static readonly string[] s_amounts = ["limits", "requests"];
    private static readonly string[] s_resources = ["cpu", "memory", "ephemeral-storage"];

    private static readonly string[] s_fields =
    [
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "metadata.labels",
        "metadata.annotations",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    ];

    /// <summary>The rules of one container.</summary>
    /// <param name="container">The container.</param>
    /// <param name="path">Where it is, such as <c>spec.containers[0]</c>.</param>
    /// <param name="volumes">Names of the Pod's volumes.</param>
    /// <param name="onHost">Whether the Pod is on the host network.</param>
    /// <param name="graceSeconds">The Pod's grace period, s; null: not given.</param>
    public static IEnumerable<FieldError> Of(
        JsonObject container,
        string path,
        IReadOnlyCollection<string> volumes,
        bool onHost,
        long? graceSeconds
    ) =>
        [
            .. Image(container, path),
            .. Handlers(container.Object("lifecycle"), $"{path}.lifecycle"),
            .. Probe(container, path, "livenessProbe", mustSucceedOnce: true),
            .. Probe(container, path, "readinessProbe", mustSucceedOnce: false),
            .. Probe(container, path, "startupProbe", mustSucceedOnce: true),
            .. container.Text("terminationMessagePolicy") is { } policy and not ("File" or "FallbackToLogsOnError")
                ?
                [
                    FieldError.Invalid(
                        $"{path}.terminationMessagePolicy",
                        policy,
                        "must be 'File' or 'FallbackToLogsOnError'"
                    ),
                ]
                : Array.Empty<FieldError>(),
            .. Ports(container, path, onHost),
            .. container.Objects("env").SelectMany((e, i) => Variable(e, $"{path}.env[{i}]")),
            .. Mounts(container, path, volumes),
            .. Checks.OneOf(container, path, "imagePullPolicy", "Always", "IfNotPresent", "Never"),
            .. Resources(container, path),
            .. Sleeps(container, path, graceSeconds),
        ];

    private static IEnumerable<FieldError> Image(JsonObject container, string path)
    {
        var image = container.Text("image") ?? "";
        if (image.Length == 0)
            yield return FieldError.Required($"{path}.image");
        else if (image.Trim() != image)
            yield return FieldError.Invalid($"{path}.image", image, "must not have leading or trailing whitespace");
    }

    private static IEnumerable<FieldError> Handlers(JsonObject? lifecycle, string path) =>
        s_hooks
            .Where(hook => lifecycle?.Object(hook) is not null)
            .SelectMany(hook => Handler(lifecycle!.Object(hook)!, $"{path}.{hook}"));

    private static IEnumerable<FieldError> Probe(JsonObject container, string path, string name, bool mustSucceedOnce)
    {
        if (container.Object(name) is not { } probe)
            yield break;
        var at = $"{path}.{name}";
        foreach (var error in Handler(probe, at))
            yield return error;
        string[] numbers = "initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold".Split(
            ' '
        );
        foreach (var error in Checks.NotNegative(probe, at, numbers))
            yield return error;
        if (mustSucceedOnce && probe.NumberAt("successThreshold") is > 1 and var threshold)
            yield return FieldError.Invalid($"{at}.successThreshold", threshold, "must be 1");
    }

    /// <summary>Sleeps of a container's hooks, which must end within the time that its Pod has to end.</summary>
    private static IEnumerable<FieldError> Sleeps(JsonObject container, string path, long? graceSeconds)
    {
        foreach (var hook in s_hooks)
        {
            if (container.Object("lifecycle")?.Object(hook)?.Object("sleep") is not { } sleep)
                continue;
            var seconds = sleep.NumberAt("seconds") ?? 0;
            if (seconds <= 0 || seconds > graceSeconds)
                yield return FieldError.Invalid(
                    $"{path}.lifecycle.{hook}.sleep",
                    seconds,
                    FormattableString.Invariant(
                        $"must be greater than 0 and less than terminationGracePeriodSeconds ({graceSeconds ?? 0})"
                    )
                );
        }
    }

    /// <summary>Exactly one way to ask or tell a container.</summary>
    private static IEnumerable<FieldError> Handler(JsonObject o, string path)
    {
        var given = s_handlers.Where(h => o.Object(h) is not null).ToList();
        if (given.Count == 0)
            yield return FieldError.Required(path, OneHandler);
        foreach (var second in given.Skip(1))
            yield return FieldError.Forbidden($"{path}.{second}", "may not specify more than 1 handler type");
        if (given is not [var handler, ..])
            yield break;
        var (action, at) = (o.Object(handler)!, $"{path}.{handler}");
        if (handler == "exec" && action["command"] is not JsonArray { Count: > 0 })
            yield return FieldError.Required($"{at}.command");
        if (handler is "httpGet" or "tcpSocket")
            foreach (var error in Checks.PortOrName(action["port"], $"{at}.port"))
                yield return error;
        if (handler == "grpc")
            foreach (var error in Checks.Port(action.NumberAt("port") ?? 0, $"{at}.port"))
                yield return error;
        if (handler == "httpGet")
            foreach (var error in Checks.OneOf(action, at, "scheme", "HTTP", "HTTPS"))
                yield return error;
    }

    private static IEnumerable<FieldError> Ports(JsonObject container, string path, bool onHost)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, port) in container.Objects("ports").Index())
        {
            var at = $"{path}.ports[{i}]";
            foreach (var error in Checks.Name(port, at, "name", Names.Port))
                yield return error;
            if (port.Text("name") is { Length: > 0 } name && !names.Add(name))
                yield return FieldError.Duplicate($"{at}.name", name);
            var number = port.NumberAt("containerPort") ?? 0;
            if (number == 0)
                yield return FieldError.Required($"{at}.containerPort");
            else
                foreach (var error in Checks.Port(number, $"{at}.containerPort"))
                    yield return error;
            if (port.NumberAt("hostPort") is not (null or 0) and var host)
            {
                foreach (var error in Checks.Port(host.Value, $"{at}.hostPort"))
                    yield return error;
                if (onHost && host != number)
                    yield return FieldError.Invalid(
                        $"{at}.containerPort",
                        number,
                        "must match `hostPort` when `hostNetwork` is true"
                    );
            }
            foreach (var error in Checks.OneOf(port, at, "protocol", "SCTP", "TCP", "UDP"))
                yield return error;
        }
    }

    private static IEnumerable<FieldError> Variable(JsonObject variable, string path)
    {
        if (variable.Text("name") is not { Length: > 0 })
            yield return FieldError.Required($"{path}.name");
        foreach (var error in Checks.Name(variable, path, "name", Names.Variable))
            yield return error;
        if (variable.Object("valueFrom") is not { } from)
            yield break;
        var at = $"{path}.valueFrom";
        var given = s_sources.Where(s => from.Object(s) is not null).ToList();
        if (given.Count == 0)
            yield return FieldError.Invalid(
                at,
                "",
                "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
            );
        if (variable.Text("value") is { Length: > 0 })
            yield return FieldError.Invalid(at, "", "may not be specified when `value` is not empty");
        if (given.Count > 1)
            yield return FieldError.Invalid(at, "", "may not have more than one field specified at a time");
        if (from.Object("fieldRef") is { } field)
        {
            var wanted = field.Text("fieldPath") ?? "";
            if (wanted.Length == 0)
                yield return FieldError.Required($"{at}.fieldRef.fieldPath");
            else if (!s_fields.Contains(wanted.Split('[')[0]))
                yield return FieldError.Invalid(
                    $"{at}.fieldRef.fieldPath",
                    wanted,
                    $"error converting fieldPath: field label not supported: {wanted}"
                );
        }
        foreach (var source in s_keySources)
            if (from.Object(source) is { } key && key.Text("key") is not { Length: > 0 })
                yield return FieldError.Required($"{at}.{source}.key");
    }

    private static IEnumerable<FieldError> Mounts(
        JsonObject container,
        string path,
        IReadOnlyCollection<string> volumes
    )
    {
        var places = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, mount) in container.Objects("volumeMounts").Index())
        {
            var (at, name, place) = ($"{path}.volumeMounts[{i}]", mount.Text("name"), mount.Text("mountPath"));
            if (string.IsNullOrEmpty(name))
                yield return FieldError.Required($"{at}.name");
            else if (!volumes.Contains(name))
                yield return FieldError.NotFound($"{at}.name", name);
            if (string.IsNullOrEmpty(place))
                yield return FieldError.Required($"{at}.mountPath");
            else if (!places.Add(place))
                yield return FieldError.Invalid($"{at}.mountPath", place, "must be unique");
        }
    }

    private static IEnumerable<FieldError> Resources(JsonObject container, string path)
    {
        var resources = container.Object("resources");
        foreach (var part in s_amounts)
        foreach (var (name, value) in resources?.Object(part) ?? [])
        {
            var at = $"{path}.resources.{part}[{name}]";
            if (!name.Contains('/', StringComparison.Ordinal) && !IsStandard(name))
            {
                yield return FieldError.Invalid(at, name, "must be a standard resource type or fully qualified");
                yield return FieldError.Invalid(at, name, "must be a standard resource for containers");
            }
            if (value?.ToString().StartsWith('-') is true)
                yield return FieldError.Invalid(at, value.ToString(), "must be greater than or equal to 0");
        }
        foreach (var (name, value) in resources?.Object("requests") ?? [])
            if (
                resources!.Object("limits")?[name] is { } limit
                && value is not null
                && Amount(value) > Amount(limit)
                && Amount(limit) >= 0
            )
                yield return FieldError.Invalid(
                    $"{path}.resources.requests",
                    value.ToString(),
                    $"must be less than or equal to {name} limit"
                );
    }

    private static bool IsStandard(string name) =>
        s_resources.Contains(name) || name.StartsWith("hugepages-", StringComparison.Ordinal);

    /// <summary>A quantity as a number, such as 0.1 for 100m.</summary>
    private static double Amount(JsonNode quantity)
    {
        var text = quantity.ToString();
        var end = text.Length;
        while (end > 0 && char.IsAsciiLetter(text[end - 1]))
            end--;
        // An exponent (1e3) ends in digits and parses as a whole.
        _ = double.TryParse(text.AsSpan(0, end), CultureInfo.InvariantCulture, out var number);
        return number
            * text[end..] switch
            {
                "n" => 1e-9,
                "u" => 1e-6,
                "m" => 1e-3,
                "k" => 1e3,
                "M" => 1e6,
                "G" => 1e9,
                "T" => 1e12,
                "P" => 1e15,
                "E" => 1e18,
                "Ki" => Math.Pow(2, 10),
                "Mi" => Math.Pow(2, 20),
                "Gi" => Math.Pow(2, 30),
                "Ti" => Math.Pow(2, 40),
                "Pi" => Math.Pow(2, 50),
                "Ei" => Math.Pow(2, 60),
                _ => 1,
            };
    }
}
