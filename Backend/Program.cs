using CiliumDebugging.Backend;
using CiliumDebugging.Backend.Echo;
using CiliumDebugging.Backend.Metrics;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Pods;

var builder = WebApplication.CreateSlimBuilder(args);
var pod = builder.JoinPodNetwork();
builder.AddServiceDefaults(pod);
builder.Services.AddSingleton<RequestCounters>();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = EchoEndpoints.MaxBodyBytes);

var app = builder.Build();
app.UsePodHeaders(pod);
app.MapDefaultEndpoints();
app.MapEcho();
app.MapPrometheus();
await app.RunAsync();
