using System.CommandLine;
using CiliumDebugging.Bench.Prometheus;

var root = new RootCommand("Measurements of the lab against others.") { PrometheusCheck.Build() };
return await root.Parse(args).InvokeAsync();
