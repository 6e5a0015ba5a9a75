using CiliumDebugging.LoadTest.Pod;

await LoadTestPod.RunAsync(args);
return 0;
