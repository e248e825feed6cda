"""What convolutional networks see: kernels, feature maps, saliency."""
