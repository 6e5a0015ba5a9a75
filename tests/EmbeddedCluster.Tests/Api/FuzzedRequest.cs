using System.Text;
using CsCheck;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

/// <summary>A request made of known parts, some of whose bytes are changed.</summary>
/// <param name="Authorized">With the right token; otherwise with none.</param>
/// <param name="Table">Accepts a table only.</param>
internal sealed record FuzzedRequest(
    string Method,
    string Path,
    string Query,
    string Type,
    byte[] Body,
    bool Authorized,
    bool Table
)
{
    private static readonly string[] s_paths =
    [
        "/api",
        "/apis",
        "/api/v1",
        "/apis/apps/v1",
        "/openapi/v3",
        "/openapi/v3/api/v1",
        "/openapi/v2",
        "/version",
        "/metrics",
        "/",
        "//",
        "/api/v1/",
        "/api/v1//",
        "/api/v1/namespaces/default/pods",
        "/api/v1/namespaces/default/pods/p",
        "/api/v1/namespaces/default/pods/p/status",
        "/api/v1/namespaces/default/pods/p/proxy/x",
        "/api/v1/namespaces/default/pods/p:99999/proxy",
        "/api/v1/namespaces/default/pods/a:b:c:d/proxy/",
        "/api/v1/namespaces/default/pods/p/exec",
        "/api/v1/pods",
        "/api/v1/namespaces/default/services/s",
        "/api/v1/namespaces/default/configmaps",
        "/api/v1/namespaces/default/configmaps/c",
        "/api/v1/namespaces",
        "/api/v1/namespaces/x",
        "/api/v1/namespaces/default/status",
        "/api/v1/nodes/n",
        "/apis/apps/v1/namespaces/default/deployments/d",
        "/apis/apps/v1/namespaces/default/deployments/d/scale",
        "/apis/cilium.io/v2/namespaces/default/ciliumnetworkpolicies",
        "/apis/cilium.io/v2/namespaces/default/ciliumnetworkpolicies/l7",
        "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies/x",
        "/apis/coordination.k8s.io/v1/namespaces/default/leases/l",
        "/api/v1/namespaces/%00/pods",
        "/api/v1/namespaces/default/pods/%2e%2e%2f",
        "/api/v1/namespaces/default/configmaps/" + new string('a', 4000),
        "/api/v1/namespaces/default/events",
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/e",
        "/apis/nope/v1/x",
        "/api/v2/pods",
    ];

    private static readonly string[] s_queries =
    [
        "",
        "limit=1",
        "limit=-1",
        "limit=99999999999",
        "continue=%%%",
        "continue=e30=",
        "continue=eyJydiI6MSwibnMiOiIiLCJuYW1lIjoiIn0=",
        "resourceVersion=x",
        "resourceVersion=99999999999999999999",
        "resourceVersion=0",
        "labelSelector=a+in+(",
        "labelSelector=" + "a,",
        "labelSelector=a>999999999999999999999",
        "fieldSelector=spec.x=1",
        "fieldSelector=metadata.name=p",
        "labelSelector=%00",
        "dryRun=All",
        "dryRun=x",
        "fieldValidation=Strict",
        "fieldValidation=x",
        "fieldManager=m&force=true",
        "fieldManager=%0d%0a",
        "force=maybe",
        "watch=true&timeoutSeconds=1&resourceVersion=1&sendInitialEvents=x",
        "resourceVersionMatch=Exact&resourceVersion=1",
        "propagationPolicy=x",
        "includeObject=Object",
        "pretty=true",
        "a=%ff%fe",
    ];

    private static readonly string[] s_types =
    [
        "application/json",
        "application/merge-patch+json",
        "application/json-patch+json",
        "application/strategic-merge-patch+json",
        "application/apply-patch+yaml",
        "application/vnd.kubernetes.protobuf",
        "text/plain",
        "application/json; charset=utf-16",
    ];

    private static readonly string[] s_bodies =
    [
        "",
        "{}",
        "[]",
        "null",
        "1",
        "\"\"",
        "{",
        "{\"a\":1,\"a\":2}",
        "{\"metadata\":null}",
        "{\"metadata\":[]}",
        "{\"metadata\":{\"name\":1}}",
        "{\"metadata\":{\"name\":\"c\",\"labels\":{\"a\":1}}}",
        "{\"metadata\":{\"name\":\"\\ud800\"}}",
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\",\"finalizers\":[\"a/b\"]},"
            + "\"spec\":{\"containers\":[{\"name\":\"c\",\"ports\":[{\"containerPort\":8080}]}]}}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"c\","
            + "\"managedFields\":[{\"fieldsV1\":{\"f:data\":{\"\":1}}},{}]},\"data\":{\"a\":\"b\"}}",
        "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":1e3,"
            + "\"selector\":{},\"template\":{\"spec\":{\"containers\":[null]}}}}",
        "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":3,"
            + "\"selector\":{},\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\","
            + "\"env\":[{\"name\":\"x\"},{\"name\":\"x\"}]}]}}}}",
        "{\"metadata\":{\"generateName\":\"c-\"},\"data\":{\"x\":\"y\"}}",
        "{\"kind\":\"CiliumNetworkPolicy\",\"apiVersion\":\"cilium.io/v2\",\"metadata\":{\"name\":\"l7\"},\"spec\":1}",
        "{\"kind\":\"CiliumNetworkPolicy\",\"apiVersion\":\"cilium.io/v2\",\"metadata\":{\"name\":\"l7\"},"
            + "\"status\":{\"conditions\":1},\"spec\":{\"a\":[1,[2,{\"b\":null}]]}}",
        "{\"spec\":{\"containers\":[{\"name\":\"c\",\"$patch\":\"delete\"}],\"$patch\":\"bogus\"}}",
        "{\"spec\":{\"$retainKeys\":[1,null],\"containers\":[1]}}",
        "{\"spec\":{\"$patch\":\"replace\"}}",
        "{\"$patch\":\"delete\"}",
        "[{\"op\":\"add\",\"path\":\"/data/x\",\"value\":{\"deep\":1}}]",
        "[{\"op\":\"copy\",\"from\":\"\",\"path\":\"/x\"},{\"op\":\"copy\",\"from\":\"\",\"path\":\"/y\"},"
            + "{\"op\":\"copy\",\"from\":\"\",\"path\":\"/z\"}]",
        "[{\"op\":\"remove\",\"path\":\"\"}]",
        "[{\"op\":\"remove\",\"path\":\"/metadata\"}]",
        "[{\"op\":\"replace\",\"path\":\"/kind\",\"value\":\"X\"}]",
        "[{\"op\":\"move\",\"from\":\"/metadata\",\"path\":\"/metadata/x\"}]",
        "[null]",
        "[{\"op\":1}]",
        "{\"status\":{\"phase\":{}}}",
        "{\"status\":null}",
        "{\"metadata\":{\"resourceVersion\":\"-1\"}}",
        "{\"spec\":{\"replicas\":-1}}",
        "a: &a [*a]",
        "a: &a {x: 1}\nb: [*a, *a]\n? [1]\n: 2",
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\ndata: {a: b}",
        "{\"preconditions\":1}",
        "{\"propagationPolicy\":[]}",
        "{\"dryRun\":\"x\",\"preconditions\":{\"uid\":1}}",
        new string('[', 100_000),
        "{\"a\":" + new string('9', 10_000) + "}",
    ];

    /// <summary>Requests that make sense, so that the mutated ones meet objects.</summary>
    private static readonly (string Method, string Path, string Type, string Body)[] s_sensible =
    [
        (
            "POST",
            "/api/v1/namespaces/default/configmaps",
            "application/json",
            "{\"metadata\":{\"generateName\":\"c-\"},\"data\":{\"x\":\"y\"}}"
        ),
        (
            "POST",
            "/api/v1/namespaces/default/configmaps",
            "application/json",
            "{\"metadata\":{\"name\":\"c\"},\"data\":{\"x\":\"y\"}}"
        ),
        (
            "POST",
            "/api/v1/namespaces/default/pods",
            "application/json",
            "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\"}]}}"
        ),
        (
            "PATCH",
            "/api/v1/namespaces/default/pods/p/status",
            "application/merge-patch+json",
            "{\"status\":{\"phase\":\"Running\",\"podIP\":\"1.2.3.4\"}}"
        ),
        (
            "PATCH",
            "/api/v1/namespaces/default/configmaps/c",
            "application/json-patch+json",
            "[{\"op\":\"add\",\"path\":\"/data/z\",\"value\":\"1\"}]"
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/default/deployments/d",
            "application/strategic-merge-patch+json",
            "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"b\"}]}}}}"
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/default/deployments/d",
            "application/apply-patch+yaml",
            "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"spec\":{\"selector\":{},"
                + "\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"ports\":[{\"containerPort\":1}]}]}}}}"
        ),
        (
            "PATCH",
            "/apis/cilium.io/v2/namespaces/default/ciliumnetworkpolicies/l7",
            "application/apply-patch+yaml",
            "{\"kind\":\"CiliumNetworkPolicy\",\"apiVersion\":\"cilium.io/v2\",\"spec\":{\"a\":[1]}}"
        ),
        (
            "PUT",
            "/apis/apps/v1/namespaces/default/deployments/d/scale",
            "application/json",
            "{\"spec\":{\"replicas\":4}}"
        ),
        (
            "PUT",
            "/api/v1/namespaces/default/configmaps/c",
            "application/json",
            "{\"metadata\":{\"name\":\"c\"},\"data\":{\"x\":\"z\"}}"
        ),
        (
            "DELETE",
            "/api/v1/namespaces/default/configmaps/c",
            "application/json",
            "{\"propagationPolicy\":\"Foreground\"}"
        ),
        ("DELETE", "/api/v1/namespaces/default/pods", "application/json", ""),
        ("GET", "/apis/apps/v1/deployments", "application/json", ""),
    ];

    private static readonly Gen<FuzzedRequest> s_sensibleRequest =
        from at in Gen.Int[0, s_sensible.Length - 1]
        from manager in Of("fieldManager=a", "fieldManager=b&force=true", "fieldManager=c&fieldValidation=Strict")
        from noise in Gen.Byte.Array[0, 3]
        from position in Gen.Int[0, 200]
        from table in Gen.Bool
        select new FuzzedRequest(
            s_sensible[at].Method,
            s_sensible[at].Path,
            manager,
            s_sensible[at].Type,
            Mutate(s_sensible[at].Body, noise, position),
            true,
            table
        );

    private static readonly Gen<FuzzedRequest> s_anyRequest =
        from method in Of("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "FOO")
        from path in Of(s_paths)
        from query in Of(s_queries)
        from type in Of(s_types)
        from body in Of(s_bodies)
        from noise in Gen.Byte.Array[0, 4]
        from at in Gen.Int[0, 200]
        from auth in Gen.Frequency((9, Gen.Const(true)), (1, Gen.Const(false)))
        from table in Gen.Bool
        select new FuzzedRequest(method, path, query, type, Mutate(body, noise, at), auth, table);

    public static Gen<FuzzedRequest> Generator { get; } = Gen.OneOf(s_sensibleRequest, s_anyRequest);

    public override string ToString() =>
        $"{Method} {Path}?{Query} ({Type}) {Encoding.UTF8.GetString(Body, 0, Math.Min(Body.Length, 500))}";

    private static Gen<string> Of(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static byte[] Mutate(string body, byte[] noise, int at)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        for (var i = 0; i < noise.Length / 2 && bytes.Length > 0; i++)
            bytes[(at + i) % bytes.Length] = noise[i];
        return bytes;
    }
}
