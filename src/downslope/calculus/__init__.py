"""The public calls: derivatives, products, Jacobians and Hessians of a program, and their comparison."""
