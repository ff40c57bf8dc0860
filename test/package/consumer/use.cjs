// A program that uses the package as CommonJS.

const { allocate, kernelInfo, Network, release } = require("driftkeel");

const input = allocate(4);
input.set([1, -2, 3, -4]);
const layers = [{ name: "out", size: 3, activation: "tanh" }];
const network = new Network({ inputSize: 4, layers, seed: 7 });
const output = [...network.forward(input)];
network.dispose();
release(input);
console.log(JSON.stringify({ abiVersion: kernelInfo().abiVersion, output }));
