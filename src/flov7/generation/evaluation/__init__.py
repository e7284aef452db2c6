"""How good generation is: measured on cases from files, through the same door that people use."""
