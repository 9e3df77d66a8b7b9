"""What a GPU does with every kind of network: is it right, does it wait, how fast is it. `python -m bench.gpu`."""
