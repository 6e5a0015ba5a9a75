using BenchmarkDotNet.Running;

// "skew" runs the simulations of the verdict's error rates; everything else is BenchmarkDotNet's.
if (args is ["skew", .. var rest]) return CiliumDebugging.Bench.SkewTest.FalseAlarms.Run(rest);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
