using System.Text;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

/// <summary>
/// Bodies in Kubernetes's protocol buffers, which kubectl's <c>create</c> commands (create namespace, deployment,
/// configmap, …) and <c>drain</c> send; everything else it sends is JSON. The field numbers are those of
/// generated.proto in k8s.io/api; the types are the schema's. A field that is not listed is refused, so nothing is lost
/// silently.
/// </summary>
internal static class Protobuf
{
    public const string MediaType = "application/vnd.kubernetes.protobuf";

    /// <summary>
    /// Number and name by model, which may continue in further lines; -name: ignored; name!: a zero is a value, not an
    /// absence.
    /// </summary>
    private static readonly Dictionary<string, Dictionary<int, string>> s_fields = """
        Namespace 1 metadata 2 -spec 3 -status
        ConfigMap 1 metadata 2 data 3 binaryData 4 immutable
        ServiceAccount 1 metadata 4 automountServiceAccountToken!
        Service 1 metadata 2 spec 3 -status
        ServiceSpec 1 ports 2 selector 3 clusterIP 4 type 7 sessionAffinity
          10 externalName 11 externalTrafficPolicy 12 healthCheckNodePort 13 publishNotReadyAddresses
        ServicePort 1 name 2 protocol 3 port 4 targetPort 5 nodePort 6 appProtocol
        Deployment 1 metadata 2 spec 3 -status
        DeploymentSpec 1 replicas! 2 selector 3 template 4 strategy 5 minReadySeconds
          6 revisionHistoryLimit! 7 paused 9 progressDeadlineSeconds!
        DeploymentStrategy 1 type
        Job 1 metadata 2 spec 3 -status
        JobSpec 1 parallelism! 2 completions! 4 selector 6 template 7 backoffLimit! 9 completionMode 10 suspend
        PodTemplateSpec 1 metadata 2 spec
        PodSpec 2 containers 3 restartPolicy 4 terminationGracePeriodSeconds! 6 dnsPolicy
          7 nodeSelector 8 serviceAccountName 9 serviceAccount 10 nodeName 11 hostNetwork
          16 hostname 19 schedulerName
        Container 1 name 2 image 3 command 4 args 5 workingDir 6 ports 7 env 8 resources
          13 terminationMessagePath 14 imagePullPolicy 20 terminationMessagePolicy
        ResourceRequirements 1 limits 2 requests
        ContainerPort 1 name 2 hostPort 3 containerPort 4 protocol 5 hostIP
        EnvVar 1 name 2 value
        Role 1 metadata 2 rules
        ClusterRole 1 metadata 2 rules
        PolicyRule 1 verbs 2 apiGroups 3 resources 4 resourceNames 5 nonResourceURLs
        RoleBinding 1 metadata 2 subjects 3 roleRef
        ClusterRoleBinding 1 metadata 2 subjects 3 roleRef
        Rbacv1Subject 1 kind 2 apiGroup 3 name 4 namespace
        RoleRef 1 apiGroup 2 kind 3 name
        LabelSelector 1 matchLabels
        DeleteOptions 1 gracePeriodSeconds! 2 preconditions 3 orphanDependents! 4 propagationPolicy 5 dryRun
        Preconditions 1 uid 2 resourceVersion
        ObjectMeta 1 name 2 generateName 3 namespace 8 -creationTimestamp 11 labels 12 annotations
        """.Replace("\n ", "", StringComparison.Ordinal).Split('\n').Select(line => line.Split(' ')).ToDictionary(
        words => words[0],
        words => words.Skip(1).Chunk(2).ToDictionary(pair => int.Parse(pair[0], null), pair => pair[1])
    );

    /// <summary>Reads an object; 400 or 415 when the body is not one or has something that is not known here.</summary>
    public static Outcome<JsonNode> Read(Schema schema, ReadOnlyMemory<byte> body)
    {
        try
        {
            if (schema.Model is null || !body.Span.StartsWith("k8s\0"u8))
                return RequestBody.UnsupportedMediaType("application/json");
            var envelope = Fields(body[4..]).Where(f => f.Number is 1 or 2).ToLookup(f => f.Number, f => f.Bytes);
            var type = Fields(envelope[1].First())
                .ToDictionary(f => f.Number, f => Encoding.UTF8.GetString(f.Bytes.Span));
            var o = Message(schema, envelope[2].First());
            (o["apiVersion"], o["kind"]) = (type.GetValueOrDefault(1), type.GetValueOrDefault(2));
            return o;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or NotSupportedException)
        {
            return e is NotSupportedException
                ? RequestBody.UnsupportedMediaType($"application/json ({e.Message})")
                : ApiStatus.BadRequest("the body is not the protocol buffers message that it says to be");
        }
    }

    private static JsonObject Message(Schema schema, ReadOnlyMemory<byte> bytes)
    {
        var model = schema.Model?.Name.Replace("V1", "", StringComparison.Ordinal) ?? "";
        var o = new JsonObject();
        foreach (var (number, varint, value) in Fields(bytes))
        {
            var name = s_fields.GetValueOrDefault(model)?.GetValueOrDefault(number);
            if (name?[0] == '-' || (name is null && varint == 0 && value.Length == 0))
                continue;
            var bare = name?.TrimEnd('!');
            if (bare is null || !schema.Fields.TryGetValue(bare, out var field))
                throw new NotSupportedException($"field {number} of {model} is not read from protocol buffers");
            var items = field.Schema.Items!;
            if (field.Schema.Type == SchemaType.List)
                (o[bare] ??= new JsonArray()).AsArray().Add(Value(items, varint, value));
            else if (field.Schema.Type == SchemaType.Map)
                o.Ensure(bare)[Encoding.UTF8.GetString(Part(value, 1).Span)] = Value(items, 0, Part(value, 2));
            else if (name!.EndsWith('!') || !IsZero(field.Schema, varint, value))
                o[bare] = Value(field.Schema, varint, value);
        }
        return o;
    }

    private static bool IsZero(Schema schema, ulong varint, ReadOnlyMemory<byte> value) =>
        varint == 0 && (value.Length == 0 || (schema.Type == SchemaType.Object && Message(schema, value).Count == 0));

    private static JsonNode Value(Schema schema, ulong varint, ReadOnlyMemory<byte> bytes) =>
        schema.Type switch
        {
            SchemaType.Integer32 or SchemaType.Integer64 => (long)varint,
            SchemaType.Boolean => varint != 0,
            SchemaType.Text => Encoding.UTF8.GetString(bytes.Span),
            SchemaType.Bytes => Convert.ToBase64String(bytes.Span),
            SchemaType.Quantity => Encoding.UTF8.GetString(Part(bytes, 1).Span),
            SchemaType.IntOrString => Fields(bytes).FirstOrDefault(f => f.Number == 1).Varint == 0
                ? (int)Fields(bytes).FirstOrDefault(f => f.Number == 2).Varint
                : Encoding.UTF8.GetString(Part(bytes, 3).Span),
            SchemaType.Object => Message(schema, bytes),
            _ => throw new NotSupportedException($"{schema.Type} is not read from protocol buffers"),
        };

    private static ReadOnlyMemory<byte> Part(ReadOnlyMemory<byte> message, int number) =>
        Fields(message).FirstOrDefault(f => f.Number == number).Bytes;

    private static List<(int Number, ulong Varint, ReadOnlyMemory<byte> Bytes)> Fields(ReadOnlyMemory<byte> message)
    {
        var fields = new List<(int, ulong, ReadOnlyMemory<byte>)>();
        while (message.Length > 0)
        {
            var tag = Varint(ref message);
            var value = Varint(ref message);
            var isBytes = (tag & 7) == 2;
            if (
                (tag & 7) is not (0 or 2)
                || tag >> 3 is 0 or > 536_870_911
                || (isBytes && value > (ulong)message.Length)
            )
                throw new ArgumentException("not a message", nameof(message));
            var length = isBytes ? (int)value : 0;
            fields.Add(((int)(tag >> 3), isBytes ? 0 : value, message[..length]));
            message = message[length..];
        }
        return fields;
    }

    private static ulong Varint(ref ReadOnlyMemory<byte> message)
    {
        var value = 0UL;
        for (var i = 0; i < 10 && i < message.Length; i++)
        {
            value |= (ulong)(message.Span[i] & 0x7F) << (7 * i);
            if (message.Span[i] >= 0x80)
                continue;
            message = message[(i + 1)..];
            return value;
        }
        throw new ArgumentException("not a number", nameof(message));
    }
}
